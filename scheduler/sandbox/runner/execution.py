"""Runs carried out by ``act``, in host mode: no Docker, steps are processes of this machine.

https://nektosact.com. A run works on a private copy of its branch's folder.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State
from scheduler.sandbox.runner import processes, workflow_files
from scheduler.sandbox.runner.events import full_ref
from scheduler.sandbox.runner.runs import Run

RUNNERS = ("ubuntu-latest", "ubuntu-slim", "ubuntu-24.04", "ubuntu-22.04", "self-hosted")
"""What ``runs-on`` may say."""

FOREIGN = ("GITHUB_", "GH_", "ACTIONS_", "RUNNER_", "INPUT_", "SCHEDULE_", "PYTHONPATH",
           "PYTHONHOME", "VIRTUAL_ENV")  # fmt: skip
"""Beginnings of variables of our own environment that a run's steps don't inherit."""

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "node_modules", ".*_cache", ".hypothesis", "*.egg-info"
)


class Going(NamedTuple):
    """A run's act, and whether it has heard of a cancel."""

    process: subprocess.Popen[bytes]
    heard: threading.Event


class ActExecutor:
    """Carries out at most ``jobs`` runs at a time.

    begin, finish: told, under the state's lock, that a run was taken up or has ended.
    variables: what a run of this repository has in its environment, ``GITHUB_TOKEN`` included.
    local: ``owner/name@ref`` → folder.
    tool_cache: what steps see as ``RUNNER_TOOL_CACHE``; ``None`` is one that goes with us.
    """

    idle = ""

    def __init__(
        self, act: Path, state: State, *, jobs: int, local: Mapping[str, Path],
        variables: Callable[[Repository], Mapping[str, str]], begin: Callable[[Run], None],
        finish: Callable[[Run, str, dict[str, str] | None], None],
        tool_cache: Path | None = None,
    ) -> None:  # fmt: skip
        self.act = act
        self.state = state
        self.local = local
        self.variables = variables
        self.begin, self.finish = begin, finish
        self.home = Path(tempfile.mkdtemp(prefix="sandbox-act-"))
        if tool_cache is not None:
            # act takes the folder of this name beside its actions, and no other.
            (self.home / "cache").mkdir()
            (self.home / "cache" / "tool_cache").symlink_to(tool_cache.resolve())
        self._waiting: queue.SimpleQueue[tuple[Run, Repository, Path] | None]
        self._waiting = queue.SimpleQueue()
        #: Run ids begin anew in each sandbox, and one must not kill another's processes.
        self._nonce = secrets.token_hex(8)
        self._going: dict[int, Going] = {}
        self._closed = False
        self._workers = [
            threading.Thread(target=self._work, name=f"act-{index}", daemon=True)
            for index in range(jobs)
        ]
        for worker in self._workers:
            worker.start()

    def submit(self, run: Run, repository: Repository, folder: Path) -> None:
        """Carry a run out when a worker is free."""
        self._waiting.put((run, repository, folder))

    def stop(self, run: Run, *, force: bool) -> bool:
        """Cancel as the runner does, or kill; ``False`` for a run that was not taken up yet."""
        going = self._going.get(run.id)
        if going is None:
            return run.status == "in_progress"
        process, heard = going
        mark = self.mark(run.id)
        threading.Thread(
            target=processes.kill_tree if force else processes.cancel,
            args=(process, mark) if force else (process, mark, heard),
            daemon=True,
        ).start()
        return True

    def mark(self, run_id: int) -> str:
        """What all processes of a run have in their environment, and no others."""
        return f"SANDBOX_RUN={self._nonce}-{run_id}"

    def close(self) -> None:
        """Kill what goes on, leave nothing behind."""
        with self.state.lock:
            if self._closed:
                return
            self._closed = True
            going = dict(self._going)
        for _ in self._workers:
            self._waiting.put(None)
        for run_id, (process, _) in going.items():
            processes.kill_tree(process, self.mark(run_id))
        for worker in self._workers:
            worker.join()
        shutil.rmtree(self.home, ignore_errors=True)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            run, repository, folder = item
            with self.state.lock:
                if self._closed or not run.active:
                    continue
                self.begin(run)
            try:
                conclusion, jobs = self._carry_out(run, repository, folder)
            except OSError as exc:
                run.log.append(f"the runner failed: {exc}\n")
                conclusion, jobs = "failure", {}
            with self.state.lock:
                self._going.pop(run.id, None)
                self.finish(run, "cancelled" if run.cancelling else conclusion, jobs)

    def _carry_out(
        self, run: Run, repository: Repository, folder: Path
    ) -> tuple[str, dict[str, str]]:
        """Returns: the run's conclusion, and that of each job by its key."""
        place = self.home / str(run.id)
        work = place / repository.name
        shutil.copytree(folder, work, symlinks=True, ignore=LEFT_OUT)
        file = work / run.workflow.path
        known = workflow_files.read(work, run.workflow.path)
        if known is not None and any(job.environment for job in known.jobs):
            text = file.read_text(encoding="utf-8")
            bare = workflow_files.without_environments(text, run.failed)
            file.write_text(bare, encoding="utf-8")
        for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "sandbox"]):
            identity = ["-c", "user.name=sandbox", "-c", "user.email=sandbox@localhost"]
            subprocess.run(["git", "-C", work, *identity, *command], check=False)
        (place / "event.json").write_text(json.dumps(run.payload), encoding="utf-8")
        variables = self.variables(repository)
        secrets = place / "secrets"
        secrets.touch(mode=0o600)
        secrets.write_text(f"GITHUB_TOKEN={variables['GITHUB_TOKEN']}\n", encoding="utf-8")
        environ = {name: value for name, value in os.environ.items()
                   if not name.startswith(FOREIGN)}  # fmt: skip
        name, _, value = self.mark(run.id).partition("=")
        environ |= {name: value, "XDG_CONFIG_HOME": str(place)}
        with self.state.lock:
            if self._closed or run.cancelling:
                return "cancelled", {}
            process = subprocess.Popen(
                list(self._command(run, repository, place, variables)),
                cwd=work, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            going = self._going[run.id] = Going(process, threading.Event())
        jobs: dict[str, str] = {}
        with process:
            for line in process.stdout or ():
                run.log.append(text := _read(line, jobs))
                if processes.HEARD in text:
                    going.heard.set()
        going.heard.set()
        status = process.wait()
        processes.kill_tree(process, self.mark(run.id))
        shutil.rmtree(place, ignore_errors=True)
        for job in run.jobs:
            jobs.setdefault(job.key, "skipped" if status == 0 else "failure")
        if status != 0:
            return "failure", jobs
        return "skipped" if set(jobs.values()) == {"skipped"} else "success", jobs

    def _command(
        self, run: Run, repository: Repository, place: Path, variables: Mapping[str, str]
    ) -> Iterator[str]:
        yield from (str(self.act), run.event, "--json", "--no-cache-server")
        yield from ("--workflows", run.workflow.path, "--eventpath", str(place / "event.json"))
        yield from ("--secret-file", str(place / "secrets"), "--actor", run.actor.login)
        yield from ("--action-cache-path", str(self.home / "cache"))
        for runner in RUNNERS:
            yield from ("--platform", f"{runner}=-self-hosted")
        for name, folder in self.local.items():
            yield from ("--local-repository", f"{name}={folder.resolve()}")
        given = {name: value for name, value in variables.items() if name != "GITHUB_TOKEN"} | {
            "GITHUB_REPOSITORY": repository.full_name,
            "GITHUB_REPOSITORY_OWNER": repository.owner.login,
            "GITHUB_RUN_ID": str(run.id),
            "GITHUB_RUN_NUMBER": str(run.number),
            "GITHUB_REF": full_ref(repository, run.ref),
            "GITHUB_REF_NAME": run.ref,
            "GITHUB_WORKFLOW_REF": (
                f"{repository.full_name}/{run.workflow.path}@{full_ref(repository, run.ref)}"
            ),
            "GITHUB_TRIGGERING_ACTOR": run.actor.login,
        }
        for name, value in given.items():
            yield from ("--env", f"{name}={value}")


def _read(line: bytes, jobs: dict[str, str]) -> str:
    """One line of act's output as log text; a job's result is noted in ``jobs``."""
    text = line.decode("utf-8", "replace")
    try:
        entry = json.loads(text)
        message = str(entry["msg"]).rstrip("\n")
    except (ValueError, TypeError, KeyError):
        return text
    if "jobResult" in entry and "jobID" in entry:
        jobs[str(entry["jobID"])] = str(entry["jobResult"])
    return f"[{entry['job']}] {message}\n" if "job" in entry else f"{message}\n"
