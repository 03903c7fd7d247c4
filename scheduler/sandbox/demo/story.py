"""The demo's story: five jobs, what becomes of them, told while it happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from scheduler.sandbox.demo import checks
from scheduler.sandbox.demo.checks import Verdict
from scheduler.sandbox.demo.stage import direct
from scheduler.sandbox.hub.clock import parse_iso
from scheduler.sandbox.hub.records import Issue
from scheduler.sandbox.runner.execution import FOREIGN
from scheduler.sandbox.runner.runs import Run
from scheduler.sandbox.sandbox import Sandbox

ISSUES = "/repos/octo/queue/issues"
DELAY = "3s"
AGENT, PERSON = "probe-1", "owner"
MESSAGE, TASK, FORGOTTEN, GREETING = "Check PR 123", "deploy", "Nudge the reviewer", "Good morning"
BROKEN = f"---\nrun-at: tomorrow at nine\nworkflow: agent-message.yml\n---\n{GREETING}\n"

SCHEDULER_SECONDS = 120.0
"""The longest wait for the scheduler's run, which may have its dependencies to install."""
TARGET_SECONDS = 60.0
"""The longest wait for the runs that it started."""

TICKS = 3
"""The most ticks that follow the first, until no job waits for one."""

RETRIES = ("--retries", "2", "--retry-after", "0s")
"""The flags of the job whose first run fails."""

ENDS = ("failure", "success")
"""What its runs come to."""

REPORT = re.compile(
    r"\A[^\]]*\] ((?:dispatched|invalid|missed|rejected|retrying|discarded|held|recovered"
    r"|withdrawn|followed|failed) #\d+.*|stopped early: .*|\d+ open jobs?, .*)$"
)
NOISE = re.compile(r"\] +⚙ |\] (LocalRepositoryCache|⭐|  ✅|🏁|::)|^Error: Job ")
"""What act says for its own sake."""

NUMBER = re.compile(r"#(\d+) ")
HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
LINK = re.compile(r"\[([^][]*)\]\([^()]*\)")
SAID = re.compile(r"\A[^\]]*\] (agent [^:]* says: .*|running .*|syncing .*)")


class Story:
    """One telling of it in ``sandbox``, by ``say``, a line or more at a time."""

    def __init__(self, sandbox: Sandbox, say: Callable[[str], None]) -> None:
        self.sandbox = sandbox
        self.say = say
        self.numbers: list[int | None] = []
        self.told: set[int] = set()
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environ = own | direct(os.environ) | sandbox.environ("agent")

    def tell(self) -> list[Verdict]:
        """Play it to its end. Returns: how each of the five jobs ended."""
        self.open()
        self.cancel()
        self.wait_until_due()
        self.heading("3. The jobs are due; cron starts .github/workflows/scheduler.yml")
        self.wrapped("act runs it, as GitHub's runner would; the first time it installs what it")
        self.wrapped("needs, which takes some seconds. Its log says:")
        if self.tick():
            self.heading("4. The workflows that it started, run by act too")
            self.targets()
            self.follow()
        self.aftermath()
        return self.verdicts()

    def open(self) -> None:
        """Open five jobs: four by the command line, one by hand."""
        self.heading("1. Five jobs are opened; a job is an issue that says when and what")
        message = ("--workflow", "agent-message.yml", "--agent", AGENT, "--message")
        self.schedule("--in", DELAY, "--no-nudge", *message, MESSAGE)
        self.schedule(
            "--in", DELAY, "--no-nudge", "--workflow", "run.yml", "--input", f"task={TASK}"
        )
        self.schedule("--in", DELAY, "--no-nudge", *message, FORGOTTEN)
        self.say("  Somebody writes one by hand, as an issue labelled 'schedule':")
        self.say(textwrap.indent(BROKEN.rstrip(), "    | "))
        made = {"title": "A job", "body": BROKEN, "labels": ["schedule"]}
        self.numbers.append(int(self.sandbox.call("agent", "POST", ISSUES, made)["number"]))
        self.say(f"    #{self.numbers[-1]} is open; nothing has looked at it yet")
        self.say("  And a job whose first run will fail; it asks to be tried again, at once:")
        self.schedule("--in", DELAY, "--no-nudge", "--workflow", "sync.yml", *RETRIES)

    def schedule(self, *arguments: str) -> None:
        """Run the ``schedule`` command, as its user does."""
        typed = shlex.join(["schedule", *arguments])
        self.say(
            textwrap.fill(
                typed, 76, initial_indent="  $ ", subsequent_indent="      ",
                break_on_hyphens=False,
            )
        )  # fmt: skip
        ran = subprocess.run(
            [sys.executable, "-m", "scheduler", *arguments], env=self.environ, text=True,
            cwd=Path(__file__).resolve().parents[3], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        for line in (ran.stdout + ran.stderr).splitlines()[-3:]:
            self.wrapped(line)
        number = NUMBER.match(ran.stdout)
        self.numbers.append(int(number[1]) if number and ran.returncode == 0 else None)

    def cancel(self) -> None:
        """A person closes the third job's issue."""
        number = self.numbers[2]
        if number is not None:
            self.heading(f"2. A person thinks better of #{number} and closes the issue")
            changes = {"state": "closed", "state_reason": "not_planned"}
            self.sandbox.call(PERSON, "PATCH", f"{ISSUES}/{number}", changes)
            self.wrapped(f"#{number} is closed; that is all that it takes to cancel a job")

    def wait_until_due(self) -> None:
        """Let the jobs' time come."""
        instants = [parse_iso(checks.run_at(issue)) for issue in self.issues()]
        due = max((instant for instant in instants if instant), default=None)
        while due and self.sandbox.state.clock() < due:
            time.sleep(0.05)

    def tick(self) -> bool:
        """Start the scheduler's workflow as cron does. Returns: whether it ended well."""
        run_id = self.sandbox.start_cron("scheduler.yml")
        run = self.sandbox.repository().runs[run_id]
        self.wait(lambda: not run.active, SCHEDULER_SECONDS)
        found = [match[1] for line in self.log(run) if (match := REPORT.search(line))]
        for line in found:
            self.wrapped(line, "    | ")
        if run.conclusion != "success":
            self.failed(run)
        return run.conclusion == "success"

    def targets(self) -> None:
        """Wait for the runs that were started, and tell what each has printed."""

        def news() -> bool:
            runs = [run for run in self.runs() if run.event == "workflow_dispatch"]
            for run in runs:
                if not run.active and run.id not in self.told:
                    self.told.add(run.id)
                    self.about(run)
            return all(run.id in self.told for run in runs)

        if not self.wait(news, TARGET_SECONDS):
            for run in self.runs():
                if run.active:
                    self.failed(run)

    def follow(self) -> None:
        """Let further ticks see what became of the runs, until no job waits for that."""
        number = self.numbers[-1]
        self.heading(
            f"5. The run of #{number} failed; the next tick finds that, and tries it again"
        )
        for _ in range(TICKS):
            self.wrapped("cron starts the scheduler again. Its log says:")
            if not self.tick():
                return
            self.targets()
            with self.sandbox.state.lock:
                issue = self.sandbox.repository().issues.get(number or 0)
                if issue is None or issue.view.state == "closed":
                    return

    def about(self, run: Run) -> None:
        """Tell how a run ended, and what it printed."""
        file = run.workflow.path.rpartition("/")[2]
        self.wrapped(f"run {run.id} of {file}: {run.conclusion}. Its log says:")
        said = [match[1] for line in self.log(run) if (match := SAID.search(line))]
        for line in said:
            self.wrapped(line, "    | ")
        if run.conclusion != "success" and not said:
            self.failed(run)

    def failed(self, run: Run) -> None:
        """Show the end of a log that should have been another."""
        state = run.conclusion or f"{run.status} still, and waited for long enough"
        self.wrapped(f"run {run.id} is {state}. The end of its log:")
        for line in [line for line in self.log(run) if not NOISE.search(line)][-12:]:
            self.wrapped(line, "    ! ")

    def aftermath(self) -> None:
        """Tell what a person sees in the repository's issues now."""
        self.heading("6. What the issues say now")
        for issue in self.issues():
            view = issue.view
            labels = ", ".join(label.name for label in view.labels)
            by = f" by {view.closed_by.login}" if view.closed_by else ""
            self.wrapped(f"#{issue.number} is {view.state}{by} (labels: {labels})")
            for comment in checks.comments(issue):
                for line in plain(comment):
                    self.wrapped(line, "    | ")

    def verdicts(self) -> list[Verdict]:
        """Judge the end, job by job."""
        message, task, forgotten, broken, sync = self.numbers
        issue = self.sandbox.repository().issues.get(message or 0)
        asked = {"message": MESSAGE, "agent": AGENT}
        if issue:
            asked["scheduled_for"] = checks.run_at(issue)
        said = f"agent {AGENT} says: {MESSAGE}"
        return [
            checks.ran(
                self.sandbox, message, workflow="agent-message.yml", inputs=asked, says=said
            ),
            checks.ran(
                self.sandbox, task, workflow="run.yml", inputs={"task": TASK},
                says=f"running {TASK}",
            ),
            checks.cancelled(self.sandbox, forgotten, by=PERSON, message=FORGOTTEN),
            checks.refused(self.sandbox, broken, field="run-at", message=GREETING),
            checks.tried(self.sandbox, sync, workflow="sync.yml", ends=ENDS),
        ]  # fmt: skip

    def heading(self, text: str) -> None:
        """Begin a part of the story."""
        self.say(f"\n{text}")

    def wrapped(self, text: str, indent: str = "    ") -> None:
        """Say a line, in as many of the terminal's lines as it takes."""
        self.say(
            textwrap.fill(
                text, 78, initial_indent=indent, subsequent_indent=f"{indent}  ",
                break_on_hyphens=False,
            )
        )  # fmt: skip

    def wait(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Whether it becomes so in so many seconds."""
        end = time.monotonic() + seconds
        while not (so := is_so()) and time.monotonic() < end:
            time.sleep(0.05)
        return so

    def issues(self) -> list[Issue]:
        """All issues, oldest first."""
        with self.sandbox.state.lock:
            return list(self.sandbox.repository().issues.values())

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self.sandbox.state.lock:
            return list(self.sandbox.repository().runs.values())

    def log(self, run: Run) -> list[str]:
        """A run's log as lines."""
        return "".join(run.log).splitlines()


def plain(comment: str) -> list[str]:
    """A comment's lines as a person sees them: no hidden part, links by their text."""
    shown = HIDDEN.sub("", comment)
    shown = LINK.sub(r"\1", shown)
    return [line for line in shown.splitlines() if line.strip()]
