"""Conditions: what a job asks of GitHub before it runs, ``closed(#123)``, ``label(o/n#7, wip)``.

The language is closed: one of eight names, an issue or pull request, and a label's name for
``label``. Three names ask about another job of the queue, ``succeeded(#42)``. Nothing is evaluated
here; `scheduler.policy.conditions` and `scheduler.policy.after` decide whether one holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from scheduler.text import REPOSITORY, did_you_mean, line, refusal, shown

#: What is asked of another job of the queue: how its run ended.
OF_JOBS = ("succeeded", "failed", "finished")
NAMES = ("closed", "merged", "label", "checks-pass", "approved", *OF_JOBS)
#: How long a job waits for its ``when`` if it states neither ``patience`` nor ``deadline``.
PATIENCE = timedelta(days=1)
#: GitHub answers 422 to a longer one: https://github.com/github/docs/issues/32156
LONGEST_LABEL = 50
#: A label's name may hold brackets: the last bracket closes.
CALL = re.compile(r"\A(?P<name>[^()]*)\((?P<inner>.*)\)", re.DOTALL)
NUMBER = re.compile(r"[1-9][0-9]{0,9}")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition; ``str`` gives its canonical text."""

    #: One of ``NAMES``.
    name: str
    #: The issue or pull request.
    number: int
    #: Its repository; None: the queue's own.
    repo: str | None = None
    #: The label of a ``label`` condition.
    label: str | None = None

    @property
    def ref(self) -> str:
        """The issue or pull request as text: ``#123`` or ``owner/name#123``."""
        return f"{self.repo or ''}#{self.number}"

    @property
    def of_job(self) -> bool:
        """Whether it asks about another job of the queue."""
        return self.name in OF_JOBS

    def __str__(self) -> str:
        """The canonical text."""
        more = "" if self.label is None else f", {self.label}"
        return f"{self.name}({self.ref}{more})"


def parse(field: str, text: str) -> Condition:
    """The condition in ``text``.

    Raises:
        InvalidJob: one line with the field, its value, the nearest known name and the fix.
    """
    line(field, text, 300)
    call = CALL.fullmatch(text.strip())
    if call is None:
        raise refusal(field, text, "is not a condition", _form(text))
    name, inner = call["name"].strip(), call["inner"]
    if name not in NAMES:
        fix = did_you_mean(name, NAMES, f"write one of: {', '.join(NAMES)}")
        raise refusal(field, text, f"has no condition {shown(name)} in it", fix)
    ref, comma, label = (part.strip() for part in inner.partition(","))
    example = f"write '{name}(#123{', wip' if name == 'label' else ''})'"
    if name == "label" and not label:
        raise refusal(field, text, "names no label", example)
    if name != "label" and comma:
        raise refusal(field, text, "has more than an issue or pull request in it", example)
    if len(label) > LONGEST_LABEL:
        fix = f"GitHub allows {LONGEST_LABEL}"
        raise refusal(field, text, f"names a label of {len(label)} characters", fix)
    repo, _, number = ref.rpartition("#")
    known = not repo or (REPOSITORY.fullmatch(repo) and not repo.endswith(("/.", "/..")))
    if "#" not in ref or not known or not NUMBER.fullmatch(number):
        problem = f"has {shown(ref)} where an issue or pull request belongs"
        raise refusal(field, text, problem, "write '#123', or 'owner/name#123' of another one")
    return Condition(name=name, number=int(number), repo=repo or None, label=label or None)


def require_of_queue(field: str, text: str, *, queue: str, number: int = 0) -> None:
    """Make sure that a condition on a job is on one of ``queue``, and on another than ``number``.

    Raises:
        InvalidJob: it is not; or ``text`` is no condition.
    """
    condition = parse(field, text)
    if not condition.of_job:
        return
    if condition.repo is not None and condition.repo.lower() != queue.lower():
        fix = f"name a job of {queue}, such as '{condition.name}(#123)'"
        raise refusal(field, text, "is about a job of another queue", fix)
    if condition.number == number:
        raise refusal(field, text, "is about this job itself", "name another job")


def _form(text: str) -> str:
    fix = "write one such as 'closed(#123)'"
    if "(" in text and not text.rstrip().endswith(")"):
        # YAML reads `closed( #1)` as `closed(`.
        return f"{fix}; a '#' after a space begins a comment unless the value is in quotes"
    return fix
