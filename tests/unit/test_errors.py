import errno
import re
import sqlite3
from pathlib import Path

import pytest

from sadtalker_ext import errors

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.SadTalkerError)
]
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


def test_codes_are_unique():
    codes = [one.code for one in CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.__name__)
def test_every_class_is_drawn_in_the_tree(one):
    assert re.search(rf"\b{one.__name__}\b", errors.__doc__)


@pytest.mark.parametrize(
    "one", [one for one in CLASSES if not one.__subclasses__()], ids=lambda one: one.code
)
def test_every_code_has_a_row_in_the_docs(one):
    assert f"`{one.code}`" in PAGE


def test_exit_codes_follow_the_class():
    assert errors.NoFaceFound("x").exit_code == 2
    assert errors.WeightsMissing("x").exit_code == 3
    assert errors.DiskFull("x").exit_code == 4
    assert errors.EncodingError("x").exit_code == 5
    assert errors.Cancelled("x").exit_code == 130


def test_text_joins_message_and_hint():
    problem = errors.NoFaceFound("No face.", hint="Try another.")
    assert str(problem) == "No face. Try another."
    assert problem.as_dict() == {"code": "no_face", "message": "No face.", "hint": "Try another."}


class OutOfMemoryError(RuntimeError):
    """As torch's, whatever module it lives in."""


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemoryError("XPU has no room"),
        MemoryError(),
        errors.OutOfMemory("full"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17 GB, max allowed: 18 GB)."),
        RuntimeError("XPU out of memory. Tried to allocate 2 GiB"),
        RuntimeError("Could not allocate tensor with 9437184 bytes. There is not enough GPU video "
                     "memory available!"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=lambda error: str(error)[:40],
)  # fmt: skip
def test_a_full_memory_is_recognised_on_every_device(error):
    assert errors.is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes differ"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        ValueError("out of memory"),
        errors.DiskFull("out of memory of another kind"),
    ],
)
def test_other_errors_are_no_full_memory(error):
    assert not errors.is_out_of_memory(error)


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (sqlite3.OperationalError("database or disk is full"), True),
        (errors.DiskFull("full"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (sqlite3.OperationalError("database is locked"), False),
        (ValueError("the disk is full"), False),
    ],
)
def test_a_full_disk_is_recognised(error, full):
    assert errors.is_disk_full(error) is full
