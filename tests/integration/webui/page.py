"""What a person does in the WebUI's page."""

import time

from tests.integration.webui.conftest import wait_for

SDNEXT_TABS = {"txt2img": "text", "img2img": "image", "extras": "process"}
"""SD.Next's titles of the tabs that the others call so."""

TABS = "[...document.querySelectorAll('#tabs > .tab-nav > button')]"


class Page:
    """One browser page of a WebUI."""

    def __init__(self, browser, server, path="/"):
        self.page = browser.new_page(viewport={"width": 1400, "height": 1000})
        self.page.set_default_timeout(120_000)
        self.server, self.path = server, path
        self.problems = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.events = []
        self.page.on("websocket", self._remember)
        self.open()

    def _remember(self, event):
        self.events.append(event)

    def open(self):
        self.page.goto(self.server.address + self.path)
        self._wait_for_tabs()

    def _wait_for_tabs(self):
        self.page.wait_for_selector("#txt2img_generate", state="attached")
        self.wait_until(self.tabs)
        self.page.wait_for_timeout(3000)

    def close(self):
        self._finish_events()
        self.page.close()

    def reload_ui(self):
        """Press "Reload UI" and wait for the page, which comes back by itself.

        To open it again would break that one off in the middle of the host's own events.
        """
        starts = self.server.starts()
        self.page.evaluate("document.querySelector('#settings_restart_gradio').click()")
        wait_for(self.server, starts=starts + 1)
        self._wait_for_tabs()
        self._finish_events()

    def _finish_events(self, seconds=20):
        """Wait for the events of gradio 3; any that is left now may keep its server from ending."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not all(one.is_closed() for one in self.events):
            self.page.wait_for_timeout(150)

    def tabs(self):
        return self.page.evaluate(f"{TABS}.map(one => one.textContent.trim())")

    def show(self, tab):
        click = f"name => {TABS}.find(one => one.textContent.trim().toLowerCase() == name).click()"
        tab = tab.lower()
        self.page.evaluate(click, SDNEXT_TABS.get(tab, tab) if self.server.sdnext else tab)
        self.page.wait_for_timeout(400)

    def sees(self, selector):
        script = "s => { const e = document.querySelector(s); return !!(e && e.offsetParent); }"
        return self.page.evaluate(script, selector)

    def text(self, selector):
        return self.page.evaluate(
            "s => (document.querySelector(s) || {}).innerText || ''", selector
        )

    def exists(self, selector):
        return self.page.evaluate("s => !!document.querySelector(s)", selector)

    def wait_until(self, condition, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := condition():
                return found
            self.page.wait_for_timeout(150)
        raise AssertionError("nothing happened in time")

    def make_picture(self, batch=1):
        self.show("txt2img")
        self.page.fill("#txt2img_prompt textarea", "a portrait")
        self.page.fill("#txt2img_batch_size input[type=number]", str(batch))
        self.page.keyboard.press("Tab")
        self.page.click("#txt2img_generate")
        self.page.wait_for_selector("#txt2img_gallery img")
        self.page.wait_for_timeout(1500)

    def send_picture(self, tab="txt2img"):
        self.page.click(f"#sadtalker_ext_from_{tab}")
        self.wait_until(self.has_picture)

    def has_picture(self):
        return self.exists("#sadtalker_ext_picture img")

    def picture_size(self):
        script = """() => { const i = document.querySelector('#sadtalker_ext_picture img');
                            return [i.naturalWidth, i.naturalHeight]; }"""
        return self.page.evaluate(script)

    def give_speech(self, path):
        self.page.set_input_files("#sadtalker_ext_speech_file input[type=file]", str(path))
        self.page.wait_for_timeout(3000)

    def choose_speech(self, kind):
        ways = self.page.locator("#sadtalker_ext_speech_kind")
        ways.get_by_text(kind, exact=True).click()
        self.page.wait_for_timeout(800)

    def record(self, seconds=2.5):
        """Speak into the microphone; the browser's own one beeps."""
        recorder = self.page.locator("#sadtalker_ext_speech_recording")
        recorder.locator("button:visible", has_text="Record").first.click()
        self.page.wait_for_timeout(1000 * seconds)
        recorder.locator("button:visible", has_text="Stop").first.click()
        self.page.wait_for_timeout(4000)

    def bar(self):
        """The host's bar, or that of a job that runs beside its queue."""
        host = self.text("#tab_sadtalker .progressDiv .progress")
        return host or self.text("#sadtalker_ext_progress .stx-line")

    def busy(self):
        return self.exists("#tab_sadtalker .progressDiv") or self.exists(
            "#sadtalker_ext_progress .stx-running"
        )

    def status(self):
        return self.text("#sadtalker_ext_status")

    def video(self):
        script = """() => { const v = document.querySelector('#sadtalker_ext_video video');
            return v && v.readyState >= 2 ? [v.videoWidth, v.videoHeight, v.duration] : null; }"""
        return self.page.evaluate(script)

    def generate(self):
        self.page.click("#sadtalker_ext_generate")

    def wait_for_end(self, seconds=240):
        self.wait_until(lambda: not self.busy(), seconds)
        self.page.wait_for_timeout(1500)
