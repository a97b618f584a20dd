"""The script of the WebUI's page, run by Node with a page that is only pretended."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[4] / "javascript" / "sadtalker.js"
NODE = shutil.which("node")

PAGE = """
let now = 100000, clicks = [], timers = new Map(), next = 1;
Date.now = () => now;
globalThis.setTimeout = (call, delay) => { timers.set(next, [now + delay, call]); return next++; };
globalThis.clearTimeout = (id) => timers.delete(id);
function pass(until) {
    for (;;) {
        const due = [...timers].filter(([, one]) => one[0] <= until);
        if (!due.length) break;
        due.sort((a, b) => a[1][0] - b[1][0]);
        const [id, [at, call]] = due[0];
        timers.delete(id);
        now = Math.max(now, at);
        call();
    }
    now = until;
}
const running = {querySelector: () => ({}), querySelectorAll: () => []};
const app = {
    getElementById: (id) => ({
        sadtalker_ext_progress: running,
        sadtalker_ext_restore_progress: {click: () => clicks.push(now)},
    })[id] || null,
    querySelector: (text) => text.includes("span.error") && failed ? {} : null,
    querySelectorAll: () => [],
};
let failed = false, updates = [];
globalThis.gradioApp = () => app;
globalThis.window = globalThis;
globalThis.localStorage = {getItem: () => "task(1)", setItem: () => {}, removeItem: () => {}};
globalThis.document = {
    addEventListener: () => {}, documentElement: {classList: {add: () => {}}},
    body: {classList: {add: () => {}}}, querySelector: () => null, getElementById: () => null,
};
Object.defineProperty(globalThis, "navigator", {value: {}, configurable: true});
globalThis.onUiLoaded = () => {};
globalThis.onUiUpdate = globalThis.onAfterUiUpdate = (call) => updates.push(call);
const changed = () => updates.forEach((call) => { if (call.name === "reconnect") call(); });
"""


def clicks(steps):
    """When the button was pressed that asks for a job anew, in milliseconds from the beginning."""
    told = f"{steps}\nconsole.log(JSON.stringify(clicks.map((one) => one - 100000)));"
    code = "\n".join((PAGE, SCRIPT.read_text(encoding="utf-8"), told))
    told = subprocess.check_output([NODE, "-e", code], text=True, timeout=60)
    return json.loads(told)


@pytest.mark.skipif(NODE is None, reason="Node runs scripts outside a browser")
def test_a_broken_connection_is_tried_again_also_when_the_try_fails_at_once():
    """The page changes once as the try fails, and then no more."""
    steps = "failed = true; changed(); pass(now + 300); changed(); pass(now + 20000);"
    assert clicks(steps) == [0, 5000, 10000, 15000, 20000], "until there is an answer"
    assert clicks("failed = true; changed(); failed = false; pass(now + 20000);") == [0]
    many = "failed = true; for (let k = 0; k < 8; k++) { changed(); pass(now + 300); }"
    assert clicks(f"{many} failed = false; pass(now + 20000);") == [0]
