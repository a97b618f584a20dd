"""Choosing the page's language: its script alone, on a page that no server sends."""

import json

import pytest

from sadtalker_ext.shells.ui.page_head import LANGUAGE
from sadtalker_ext.shells.ui.translations import FOLDER, LANGUAGES, catalogue, for_the_page

pytestmark = pytest.mark.browser
SCRIPT = FOLDER.with_name("language.js").read_text(encoding="utf-8")
CHOICES = "".join(f'<option value="{code}">{name}</option>' for code, name in LANGUAGES.items())
CHOICE = f'<select class="stx-language" aria-label="{LANGUAGE}">{CHOICES}</select>'
PAGE = (
    f'<!doctype html><meta charset="utf-8"><body>'
    f"<script>{SCRIPT.replace('__WORDS__', for_the_page())}</script>"
    # gradio makes the page's parts when its scripts have begun
    f"<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', {json.dumps(CHOICE)}))"
    "</script></body>"
)
BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"


@pytest.mark.parametrize("keeps", [True, False])
def test_a_choice_counts_whatever_the_address_and_the_browser_keep(browser, keeps):
    context = browser.new_context(locale="en-US")
    try:
        if not keeps:
            context.add_init_script(BLOCKED)
        context.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page = context.new_page()
        page.goto("http://page.example/?theme=dark#results")
        for code in ("de", "en", "ja"):
            page.select_option(".stx-language", code)
            page.wait_for_function(
                "code => document.documentElement.lang === code"
                " && document.querySelector('.stx-language')?.value === code",
                arg=code,
                timeout=10_000,
            )
            shown = LANGUAGE if code == "en" else catalogue(code)[LANGUAGE]
            assert page.get_attribute(".stx-language", "aria-label") == shown
            assert page.url.endswith("#results")
            assert "theme=dark" in page.url
            assert (f"lang={code}" in page.url) is not keeps
    finally:
        context.close()
