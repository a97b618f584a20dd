"""The long trial of the job table, for developers.

    python -m tests.support.kills [--jobs 200] [--clients 20] [--kills 20] [--seed N]

Many clients send jobs with uploads and webhooks while the server is killed at random moments and
started again. In the end every job must be there once, with its video or with a sentence why not;
nothing may be left behind; and not one byte of somebody's files in and beside the data folder may
have changed. Takes about ten minutes.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.support.api import TALKS, Internet, answer, form, web
from tests.support.decoy import lay_out, snapshot, snapshot_of
from tests.support.sites import Alone

FINAL = ("done", "error", "rejected")
HOOK = "http://files.example/hook"


class Trial:
    """One run.

    Args:
        folder: Everything is written below it.
        parsed: The words of the command line.
    """

    def __init__(self, folder, parsed):
        self.parsed = parsed
        self.chance = random.Random(parsed.seed)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        os.environ["TMPDIR"] = str(self.temporary)
        self.site = Alone(folder / "site")
        self.ids, self.guard = {}, threading.Lock()
        self.ending = threading.Event()
        self.kills = 0

    def run(self):
        internet = Internet()
        with web({"/hook": answer()}, internet) as hooks:
            self.site.start()
            self.site.control.set("port", internet.port)
            self.site.control.set("pause", 0.02)
            inside = lay_out(self.site.folder)
            lay_out(self.site.base / "beside")
            before = snapshot_of(inside), snapshot(self.site.base / "beside")
            self._work()
            self._wait_for(lambda: self._open() == 0, "jobs are final")
            self.site.control.clear()
            self.site.control.set("port", internet.port)
            self._wait_for(lambda: len(told(hooks)) == self.parsed.jobs, "webhooks were called")
            talks = self._talks()
            self.site.end()
            after = snapshot_of(inside), snapshot(self.site.base / "beside")
            return self._judge(talks, hooks, before == after)

    def _work(self):
        clients = [
            threading.Thread(target=self._client, args=(number,))
            for number in range(self.parsed.clients)
        ]
        killer = threading.Thread(target=self._killer)
        for thread in (*clients, killer):
            thread.start()
        for thread in clients:
            thread.join()
        killer.join()

    def _client(self, number):
        for index in range(number, self.parsed.jobs, self.parsed.clients):
            talk = {"config": {"seed": index}, "webhook": HOOK}
            while True:
                try:
                    made = httpx.post(
                        f"{self.site.url}{TALKS}", timeout=30, **form(**talk),
                        headers={"Idempotency-Key": f"job-{index}"},
                    )  # fmt: skip
                    if made.status_code == 201:
                        break
                except httpx.HTTPError:
                    pass
                time.sleep(0.2)
            with self.guard:
                self.ids[index] = made.json()["id"]
            time.sleep(self.chance.uniform(0.0, 2.0 * self.parsed.kills / 10))

    def _killer(self):
        while self.kills < self.parsed.kills:
            time.sleep(self.chance.uniform(0.1, 2.0))
            self.site.kill()
            self.kills += 1
            self.site.start()

    def _open(self):
        jobs = self.site.health()["jobs"]
        return jobs["created"] + jobs["started"]

    def _talks(self):
        found, asked = [], {"limit": 100}
        while True:
            page = httpx.get(f"{self.site.url}{TALKS}", params=asked).json()
            found += page["talks"]
            if page.get("token") is None:
                return found
            asked["token"] = page["token"]

    def _wait_for(self, happened, words):
        deadline = time.monotonic() + 600
        while not happened():
            if time.monotonic() > deadline:
                raise SystemExit(f"not in ten minutes: {words}")
            time.sleep(0.5)

    def _judge(self, talks, hooks, untouched):
        wrong = []
        ids = [talk["id"] for talk in talks]
        if sorted(ids) != sorted(self.ids.values()) or len(set(ids)) != self.parsed.jobs:
            wrong.append(f"{len(talks)} jobs, {len(set(ids))} different, {len(self.ids)} asked for")
        status = Counter((talk["status"], (talk.get("error") or {}).get("code")) for talk in talks)
        if set(status) - {("done", None), ("error", "interrupted")}:
            wrong.append("a job ended in another way")
        done = {f"{talk['id']}.mp4" for talk in talks if talk["status"] == "done"}
        foreign = {"holiday.mp4", "old", ".hidden.part.mp4"}
        odd = {one.name for one in self.site.results.iterdir()} ^ (done | foreign)
        if odd:
            wrong.append(f"results are not those of the finished jobs: {sorted(odd)[:5]}")
        if {one.name for one in self.site.inputs.iterdir()} != {"note.txt", "photos"}:
            wrong.append("uploads were left behind")
        left = sorted(one.name for one in self.temporary.iterdir())
        if left:
            wrong.append(f"temporary files were left behind: {left[:5]}")
        made = Counter(self.site.control.seeds())
        tried = {talk["id"]: talk["attempts"] for talk in talks}
        often = [one for one in self.ids if made[one] > tried.get(self.ids[one], 0)]
        if often:
            wrong.append(f"made more often than counted: {often[:5]}")
        calls = Counter(told(hooks, every=True))
        if not untouched:
            wrong.append("somebody's files were touched")
        if "Traceback" in self.site.printed():
            wrong.append("a traceback was printed")
        print(f"{self.kills} kills; {dict(status)}; {sum(made.values())} tries;")
        print(f"{sum(calls.values())} webhook calls for {len(calls)} jobs;")
        print(f"foreign files untouched: {untouched}")
        for words in wrong:
            print(f"WRONG: {words}")
        return 1 if wrong else 0


def told(hooks, *, every=False):
    """Ids of the jobs that receivers were told about."""
    found = [json.loads(body)["id"] for _method, _path, _headers, body in list(hooks) if body]
    return found if every else set(found)


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m tests.support.kills")
    for name, default in (("jobs", 200), ("clients", 20), ("kills", 20), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parsed = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder), parsed)
        try:
            return trial.run()
        finally:
            trial.site.kill()


if __name__ == "__main__":
    sys.exit(main())
