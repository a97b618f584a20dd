"""One declaration gives the JSON of an answer and its schema."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest

from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.jobs.records import Job, JobState
from sadtalker_ext.shells.api import answers
from sadtalker_ext.shells.api.errors import InvalidRequest, NotReady, as_body
from sadtalker_ext.shells.api.shapes import as_json, schema_of, told
from sadtalker_ext.shells.api.validate import check
from sadtalker_ext.shells.api.view import talk_view
from tests.support import promises


class Mood(enum.Enum):
    GLAD = "glad"
    SAD = "sad"


@dataclass(frozen=True, kw_only=True)
class Inner:
    number: int = told("Any.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Outer:
    closed: ClassVar[bool] = True
    mood: Mood
    kind: Literal["a", "b"] | None = told(optional=True)
    inner: Sequence[Inner]
    share: float | None = told(optional=True, minimum=0, maximum=1)
    rest: Mapping[str, int]
    ready: bool


FULL = Outer(
    mood=Mood.SAD, kind="a", inner=(Inner(number=2),), share=0.5, rest={"x": 1}, ready=True
)


def test_a_shape_becomes_a_schema():
    assert schema_of(Outer) == {
        "title": "Outer",
        "type": "object",
        "properties": {
            "mood": {"type": "string", "enum": ["glad", "sad"]},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "inner": {
                "type": "array",
                "items": {
                    "title": "Inner",
                    "type": "object",
                    "properties": {
                        "number": {"type": "integer", "minimum": 1, "description": "Any."}
                    },
                    "required": ["number"],
                },
            },
            "share": {"type": "number", "minimum": 0, "maximum": 1},
            "rest": {"type": "object"},
            "ready": {"type": "boolean"},
        },
        "required": ["mood", "inner", "rest", "ready"],
        "additionalProperties": False,
    }


def test_what_is_optional_and_none_is_left_out():
    assert as_json(FULL) == {
        "mood": "sad", "kind": "a", "inner": [{"number": 2}], "share": 0.5, "rest": {"x": 1},
        "ready": True,
    }  # fmt: skip
    small = Outer(mood=Mood.GLAD, inner=[], rest={}, ready=False)
    assert as_json(small) == {"mood": "glad", "inner": [], "rest": {}, "ready": False}


def test_json_fits_its_schema_and_the_check_can_fail():
    check(as_json(FULL), schema_of(Outer))
    with pytest.raises(InvalidRequest, match="share"):
        check(as_json(FULL) | {"share": 2}, schema_of(Outer))
    with pytest.raises(InvalidRequest, match="extra"):
        check(as_json(FULL) | {"extra": 2}, schema_of(Outer))


@pytest.mark.parametrize("case", promises.talks())
def test_talks_fit_what_is_documented(case):
    talk = promises.talks()[case]
    talk["progress"]["fraction"] = 0.5
    check(talk, schema_of(answers.Talk))


def test_errors_name_the_field_only_when_it_is_known():
    assert as_body(NotReady("No.", hint="Wait.")) == {
        "code": "not_ready", "message": "No.", "hint": "Wait.",
    }  # fmt: skip
    assert as_body(InvalidRequest("No.", field="script"))["field"] == "script"


def test_hints_name_the_fields_that_do_it():
    said = NoFaceFound("No.", hint="Or mark it yourself.", remedy="face_points")
    assert as_body(said)["hint"] == "Or mark it yourself (config.face_points)."
    assert set(as_body(said)) == {"code", "message", "hint"}
    job = Job(
        seq=1, id="a", owner="", lane="x", state=JobState.REJECTED, attempts=1, created_at=0.0,
        started_at=0.0, finished_at=0.0, order={"dub": {"face": "0", "picture": True}},
        result=None, error=said.as_dict(),
    )  # fmt: skip
    view = talk_view(job, address="http://a.example/t", moment=None, ahead=0)
    assert "(config.face_points)" in view["error"]["hint"]
    assert view["dub"] == {"face": "0"}, "as it was asked, without what only the maker needs"
    check(view, schema_of(answers.Talk))
