"""A room to work in."""

import pytest

from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.store import JobStore
from tests.unit.jobs.room import Clock, Room


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "jobs.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def store(database, clock):
    return JobStore(database, clock)


@pytest.fixture
def room(tmp_path):
    opened = Room(tmp_path / "data")
    opened.runner.start()
    yield opened
    opened.frames.set()
    opened.turn.set()
    opened.runner.close()
    opened.database.close()
