"""The page in other languages, as a browser shows it."""

import pytest

from tests.browser.conftest import PATIENCE_MS
from tests.browser.test_page import part

pytestmark = pytest.mark.browser


@pytest.fixture
def german(browser, address):
    """A page in a browser whose language is German."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="de-DE")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    with page.expect_response("**/queue/join*"):
        page.goto(address)
    says(page, "generate", "Generieren")
    yield page
    context.close()


def says(page, name, words):
    page.wait_for_function(
        "([id, words]) => document.querySelector(id)?.innerText.trim() === words",
        arg=[part(name), words],
    )


def shows(page, name, words):
    """The text in the field of a closed list."""
    page.wait_for_function(
        "([id, words]) => document.querySelector(`${id} input`)?.value === words",
        arg=[part(name), words],
    )


def test_the_browsers_language_is_spoken_and_people_s_own_words_stay(german):
    page = german
    page.wait_for_function(
        "(id) => document.querySelector(id).title.startsWith('Das Video erzeugen')",
        arg=part("generate"),
    )
    shows(page, "preset", "Natürlich")
    # a list is written and read in English by gradio: choosing has to work all the same
    page.click(f"{part('preset')} input")
    page.get_by_role("option", name="Ganzer Körper").click()
    page.locator(f"{part('generate')}").focus()
    shows(page, "preset", "Ganzer Körper")
    shows(page, "preprocess", "ganzes Bild (full)")
    # a preset of one's own with a name that is also a word of ours
    page.click(f"{part('own_presets')} button.label-wrap")
    page.fill(f"{part('preset_name')} input, {part('preset_name')} textarea", "Delete")
    page.click(part("preset_save"))
    says(page, "preset_note", "Gespeichert als Delete.")
    shows(page, "preset", "Delete")
    page.wait_for_timeout(1000)
    shows(page, "preset", "Delete")
    page.click(part("preset_delete"))
    says(page, "preset_note", "Delete wurde gelöscht.")
    # an error, with its data
    page.click(part("generate"))
    says(page, "status", "Es fehlt ein Porträt.\nZiehen Sie ein Bild auf das Feld Porträt.")


def test_a_chosen_language_is_remembered(german, address):
    page = german
    page.select_option(".stx-language", "ja")
    says(page, "generate", "生成")
    page.goto(f"{address}?lang=en")
    says(page, "generate", "Generate")
    page.goto(address)
    page.wait_for_selector(part("generate"))
    says(page, "generate", "Generate")
    assert page.evaluate("document.documentElement.lang") == "en"
