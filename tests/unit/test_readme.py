from sadtalker_ext import __version__
from tests.support.readme import README, with_tables


def test_tables_say_what_the_code_says():
    text = README.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m tests.support.readme"


def test_the_changelog_has_this_version():
    changelog = (README.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{__version__}]" in changelog
