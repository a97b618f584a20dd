"""A room to work in."""

import pytest

from tests.unit.jobs.room import Room


@pytest.fixture
def room(tmp_path):
    opened = Room(tmp_path / "data")
    opened.runner.start()
    yield opened
    opened.frames.set()
    opened.turn.set()
    opened.runner.close()
    opened.database.close()
