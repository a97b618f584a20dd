import re
from pathlib import Path

import pytest

from sadtalker_ext import __version__
from sadtalker_ext.jobs.records import JobState
from tests.support.readme import DOCS, PACKAGE, README, ROOT, TABLES, with_table

PAGES = [README, *sorted(DOCS.glob("*.md"))]
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
PLACE = re.compile(r"`((?:sadtalker_ext|tests|docs)/[\w./]+)`")


@pytest.mark.parametrize("name", TABLES)
def test_tables_say_what_the_code_says(name):
    text = TABLES[name][0].read_text(encoding="utf-8")
    assert with_table(name, text) == text, "run: python -m tests.support.readme"


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


def anchors(page):
    """The names that headings of a page can be linked by, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        reached = (page.parent / target).resolve() if target else page
        assert reached.exists(), target
        assert not anchor or anchor in anchors(reached), (target, anchor)


def test_the_readme_leads_to_every_page():
    linked = {(ROOT / target).resolve() for target, _ in LINK.findall(README.read_text("utf-8"))}
    assert set(PAGES[1:]) <= linked


def test_every_picture_is_shown():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in [path for path in DOCS.iterdir() if path.suffix != ".md"]:
        assert picture.name in text
        assert picture.stat().st_size < 1_500_000


def test_every_place_that_the_architecture_names_is_there():
    places = PLACE.findall((DOCS / "architecture.md").read_text(encoding="utf-8"))
    assert len(places) > 40
    assert not [place for place in places if not (ROOT / place).exists()]


def test_every_room_has_its_first_line():
    """The table of rooms is made of them."""
    for front in PACKAGE.rglob("__init__.py"):
        assert front.read_text(encoding="utf-8").startswith('"""'), front


def test_every_state_of_a_job_is_explained():
    text = (DOCS / "rest.md").read_text(encoding="utf-8")
    assert not [state.value for state in JobState if f"\n| `{state.value}` |" not in text]


def test_the_changelog_has_this_version():
    changelog = Path(README.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{__version__}]" in changelog
