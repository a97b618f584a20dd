import pytest

from sadtalker_ext.errors import WeightsCorrupt, WeightsMissing
from sadtalker_ext.weights.model_file import read_tensors

torch = pytest.importorskip("torch")
TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1)}


@pytest.mark.parametrize("entry", ["", "params_ema", "params", "state_dict"])
@pytest.mark.parametrize("suffix", [".pth", ".ckpt"])
def test_tensors_under_their_usual_entries(tmp_path, entry, suffix):
    path = tmp_path / f"m{suffix}"
    torch.save({entry: TENSORS, "epoch": 3} if entry else TENSORS, path)
    found = read_tensors(path)
    assert set(found) == set(TENSORS)
    assert torch.equal(found["a.weight"], TENSORS["a.weight"])


def test_the_averaged_weights_are_preferred(tmp_path):
    torch.save({"params": {"x": torch.zeros(1)}, "params_ema": TENSORS}, tmp_path / "m.pth")
    assert set(read_tensors(tmp_path / "m.pth")) == set(TENSORS)


def test_safetensors(tmp_path):
    save_file = pytest.importorskip("safetensors.torch").save_file
    save_file(TENSORS, tmp_path / "m.safetensors")
    assert set(read_tensors(tmp_path / "m.safetensors")) == set(TENSORS)


class Bomb:
    def __reduce__(self):
        return (open, ("bomb_went_off", "w"))


def test_code_in_a_file_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"params": TENSORS, "x": Bomb()}, tmp_path / "m.pth")
    with pytest.raises(WeightsCorrupt, match="run code"):
        read_tensors(tmp_path / "m.pth")
    assert not (tmp_path / "bomb_went_off").exists()


@pytest.mark.parametrize("name", ["m.pth", "m.safetensors"])
@pytest.mark.parametrize("data", [b"", b"<html>", b"\x00" * 4096])
def test_what_is_no_model_is_told(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(WeightsCorrupt, match=name.replace(".", r"\.")):
        read_tensors(tmp_path / name)


def test_a_file_without_tensors_and_no_file(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "m.pth")
    with pytest.raises(WeightsCorrupt, match="with tensors"):
        read_tensors(tmp_path / "m.pth")
    torch.save([1, 2], tmp_path / "m.pth")
    with pytest.raises(WeightsCorrupt, match="list"):
        read_tensors(tmp_path / "m.pth")
    with pytest.raises(WeightsMissing):
        read_tensors(tmp_path / "gone.pth")
