"""The networks under each instruction set of this processor, in processes of their own."""

import json
from pathlib import Path

import pytest

from tests.golden.settings import SETTINGS

DATA = Path(__file__).parent / "data"
NETWORKS = ("recon", "kp_detector")
ONE_OF_ALL = "avx2-AVX2-1"
"""The setting in which the generator is always checked, too: it takes minutes in the others."""
FAULTY = """
import sys
from tests.golden import networks
from tests.golden.check import main

right = networks.keyed_network

def wrong(name, seed):
    network = right(name, seed)
    if name == "face_3drecon":
        network.backbone.layer4[2].conv3.weight.mul_(1.01)
    return network

networks.keyed_network = wrong
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(params=SETTINGS, ids=str)
def setting(request):
    lacking = request.param.missing()
    if lacking:
        pytest.skip(f"this processor has no {', '.join(lacking)}")
    return request.param


def report(done):
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def assert_passes(setting, networks):
    only = [word for name in networks for word in ("--only", name)]
    found = report(setting.run("-m", "tests.golden.check", str(DATA), "--json", *only))
    assert {stage["topic"] for stage in found["stages"]} == set(networks)
    failed = {s["name"]: (s["rounding"], s["note"]) for s in found["stages"] if not s["passed"]}
    assert not failed


def test_every_setting_passes(setting):
    assert_passes(setting, NETWORKS + (("generator",) if str(setting) == ONE_OF_ALL else ()))


@pytest.mark.slow
def test_the_generator_passes_in_every_setting(setting):
    assert_passes(setting, ("generator",))


def test_every_setting_finds_a_fault(setting):
    """One weight of the last block is a hundredth too large."""
    found = report(setting.run("-c", FAULTY, str(DATA), "--json", "--only", "recon"))
    failed = [stage["name"] for stage in found["stages"] if not stage["passed"]]
    assert failed == ["recon.npz:layer4", "recon.npz:avgpool", "recon.npz:out"]


def test_the_settings_are_obeyed(setting):
    ask = "import torch; print(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads())"
    assert setting.run("-c", ask).stdout.split() == [
        {"default": "DEFAULT", "avx2": "AVX2", "avx512": "AVX512"}[setting.loops],
        str(setting.threads),
    ]
