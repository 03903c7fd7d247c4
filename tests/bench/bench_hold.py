"""How late a tick that stays is, in real time, against the sandbox with 100 ms of latency.

``PYTHONPATH=. python tests/bench/bench_hold.py`` plays 60 jobs over 60 seconds, two at the
same instant now and then, a third of them created and some cancelled while it holds. It
prints how late GitHub's side saw each, beside what the machine itself adds to a sleep and to
a request, and fails where the limits are not met. No test run collects this file.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import requests

from scheduler.sandbox import Sandbox

P50, P99 = 0.6, 2.0
QUEUE = "octo/queue"
ISSUES = f"/repos/{QUEUE}/issues"
RUN = """
name: Run
on: {workflow_dispatch: {inputs: {message: {}, schedule_id: {}}}}
run-name: "run [${{ inputs.schedule_id }}]"
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}
"""
#: So long after the holder is started the first job is due.
LEAD = 15
#: What is created while it holds is due so long after, in seconds; what is cancelled is due
#: so long after that.
AHEAD = 14


@dataclass(frozen=True)
class Played:
    """Lateness by issue number, what was cancelled, and what the holder reported."""

    late: dict[int, list[float]]
    cancelled: set[int]
    report: dict[str, Any]
    unchanged: int

    def share(self, part: float) -> float:
        """The lateness that this part of the jobs did not exceed, by nearest rank."""
        found = sorted(late[0] for late in self.late.values() if late)
        return found[max(math.ceil(len(found) * part), 1) - 1]


def played(
    jobs: int, seconds: float, *, latency: float, poll: str = "5s", lead: int = LEAD,
    ahead: int = AHEAD,
) -> Played:  # fmt: skip
    """Hold while ``jobs`` come due within so many seconds; ``lead`` and ``ahead`` as above."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / ".github" / "workflows"
        place.mkdir(parents=True)
        (place / "run.yml").write_text(RUN)
        with Sandbox({QUEUE: folder}) as sandbox:
            sandbox.set_latency(latency)
            return _play(sandbox, jobs, seconds, poll=poll, lead=lead, ahead=ahead)


def _play(
    sandbox: Sandbox, jobs: int, seconds: float, *, poll: str, lead: int, ahead: int
) -> Played:  # fmt: skip
    first = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=lead)
    due: dict[int, datetime] = {}
    cancelled: set[int] = set()
    plan: list[tuple[datetime, Callable[[], object]]] = []

    def create(at: datetime) -> int:
        text = f"---\nrun-at: {at:%Y-%m-%dT%H:%M:%SZ}\nworkflow: run.yml\n---\nhi\n"
        issue = {"title": "t", "body": text, "labels": ["schedule"]}
        number = int(sandbox.call("agent", "POST", ISSUES, issue)["number"])
        due[number] = at
        return number

    def cancel(number: int) -> None:
        sandbox.call("owner", "PATCH", f"{ISSUES}/{number}", {"state": "closed"})
        if datetime.now(timezone.utc) < due[number] - timedelta(seconds=ahead / 2):
            cancelled.add(number)
        else:  # this machine stood still: it was cancelled too late, and may have run
            del due[number]

    for index in range(jobs):
        # Every sixth job is due with the one before it.
        place = (index - (index % 6 == 5)) * seconds / jobs
        at = first + timedelta(seconds=round(place))
        if index % 3 == 1:
            plan.append((at - timedelta(seconds=ahead), partial(create, at)))
        else:
            create(at)
        if index % 10 == 7:
            extra = create(at)
            plan.append((at - timedelta(seconds=ahead), partial(cancel, extra)))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "scheduler", "tick", "--json", "--hold=1h"]
    holder = subprocess.Popen(
        [*command, "--poll", poll], env=kept | sandbox.environ("bot"), stdout=subprocess.PIPE
    )
    for at, act in sorted(plan, key=lambda each: each[0]):
        time.sleep(max((at - datetime.now(timezone.utc)).total_seconds(), 0))
        act()
    _over(sandbox, first + timedelta(seconds=seconds))
    holder.send_signal(signal.SIGINT)
    out, _ = holder.communicate(timeout=300)
    late: dict[int, list[float]] = {number: [] for number in due if number not in cancelled}
    for run in sandbox.repository().runs.values():
        number = int(str(run.inputs["schedule_id"]).partition("@")[0])
        if number in due:
            late.setdefault(number, []).append((run.created_at - due[number]).total_seconds())
    unchanged = sandbox.requests.count("GET", "/issues$", status=304)
    return Played(late, cancelled, json.loads(out), unchanged)


def _over(sandbox: Sandbox, last: datetime) -> None:
    """Wait until the last instant has passed and no issue is open; or for five minutes more."""
    until = last + timedelta(minutes=5)
    while (now := datetime.now(timezone.utc)) < until:
        if now > last and all(
            issue.view.state == "closed" for issue in sandbox.repository().issues.values()
        ):
            return
        time.sleep(0.1)


def problems(found: Played) -> list[str]:
    """What must never be, however busy the machine is."""
    wrong = []
    for number, late in found.late.items():
        if number in found.cancelled:
            wrong.append(f"#{number} was cancelled, and dispatched")
        elif len(late) != 1:
            wrong.append(f"#{number} was dispatched {len(late)} times")
        elif late[0] < 0:
            wrong.append(f"#{number} was {-late[0]:.3f} s early")
    return wrong


def baseline(latency: float) -> tuple[Sequence[float], Sequence[float]]:
    """How much longer than asked a sleep takes here, and how long one request; sorted."""
    slept, asked = [], []
    with tempfile.TemporaryDirectory() as folder, Sandbox({QUEUE: folder}) as sandbox:
        sandbox.set_latency(latency)
        with requests.Session() as session:
            for _ in range(30):
                began = time.perf_counter()
                time.sleep(0.1)
                slept.append(time.perf_counter() - began - 0.1)
                began = time.perf_counter()
                session.get(f"{sandbox.url}/rate_limit", timeout=30)
                asked.append(time.perf_counter() - began)
    return sorted(slept), sorted(asked)


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=60, help="how many jobs; 60")
    parser.add_argument("--seconds", type=float, default=60, help="over how long; 60")
    parser.add_argument("--latency", type=float, default=0.1, help="of each request; 0.1")
    parser.add_argument("--poll", default="5s", help="how often it looks around; 5s")
    given = parser.parse_args()
    slept, asked = baseline(given.latency)
    found = played(given.jobs, given.seconds, latency=given.latency, poll=given.poll)
    slept_after, asked_after = baseline(given.latency)
    wrong = problems(found)
    rows = [
        ("a sleep's excess, before", slept), ("a sleep's excess, after", slept_after),
        ("one request, before", asked), ("one request, after", asked_after),
    ]  # fmt: skip
    for name, times in rows:
        middle, most = times[len(times) // 2], times[-1]
        sys.stdout.write(f"{name:26} p50 {middle * 1000:6.1f} ms   worst {most * 1000:6.1f} ms\n")
    p50, p99, worst = (found.share(part) for part in (0.5, 0.99, 1.0))
    sys.stdout.write(
        f"{len(found.late)} jobs, {len(found.cancelled)} more cancelled; "
        f"{found.report['requests']} requests, {found.unchanged} polls unchanged\n"
        f"lateness                   p50 {p50 * 1000:6.1f} ms (at most {P50 * 1000:.0f})   "
        f"p99 {p99 * 1000:6.1f} ms (at most {P99 * 1000:.0f})   worst {worst * 1000:6.1f} ms\n"
        + "".join(f"{line}\n" for line in wrong)
    )
    return 0 if not wrong and p50 <= P50 and p99 <= P99 else 1


if __name__ == "__main__":
    sys.exit(main())
