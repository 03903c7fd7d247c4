"""What a job may ask of GitHub before it runs: ``closed(#123)``, ``label(o/n#7, wip)``.

A closed language: one of five names, an issue or a pull request, and of ``label`` a name.
Nothing is evaluated. ``parse`` reads one condition, ``str`` of it is its canonical text, and
``verdict`` says of GitHub's answer whether it holds, and what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from scheduler.fields import REPOSITORY, did_you_mean, line, refusal, shown
from scheduler.gateway import Check, PullRequest, Review
from scheduler.model import Ticket

NAMES = ("closed", "merged", "label", "checks-pass", "approved")
#: For how long `when` is waited for where a job says nothing and has no deadline.
PATIENCE = timedelta(days=1)
#: GitHub answers 422 to a longer one: https://github.com/github/docs/issues/32156
LONGEST_LABEL = 50
#: What stands in a label's brackets may hold brackets itself: the last one closes.
CALL = re.compile(r"\A(?P<name>[^()]*)\((?P<inner>.*)\)", re.DOTALL)
NUMBER = re.compile(r"[1-9][0-9]{0,9}")

#: The states of a review that are an opinion; a comment leaves the one before as it is.
#: https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
APPROVED, REQUESTED = "APPROVED", "CHANGES_REQUESTED"
OPINIONS = (APPROVED, REQUESTED, "DISMISSED")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One question; ``repo`` is None of the queue's own repository."""

    name: str
    number: int
    repo: str | None = None
    label: str | None = None

    @property
    def ref(self) -> str:
        """What is asked about: ``#123`` or ``owner/name#123``."""
        return f"{self.repo or ''}#{self.number}"

    def __str__(self) -> str:
        """The canonical text."""
        more = "" if self.label is None else f", {self.label}"
        return f"{self.name}({self.ref}{more})"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The checks of a pull request's newest commit, in check runs and in statuses."""

    head: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class Opinions:
    """What each reviewer who counts said last: login → the review's state."""

    by: Mapping[str, str]


Seen = Ticket | PullRequest | Checked | Opinions


def parse(field: str, text: str) -> Condition:
    """The condition that ``text`` says.

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


def _form(text: str) -> str:
    fix = "write one such as 'closed(#123)'"
    if "(" in text and not text.rstrip().endswith(")"):
        # `closed( #1)` is `closed(` to YAML, and nobody sees why.
        return f"{fix}; a '#' after a space begins a comment unless the value is in quotes"
    return fix


def verdict(condition: Condition, seen: Seen) -> tuple[bool, str]:
    """Whether ``condition`` holds by what GitHub answered, and what was seen, in words."""
    if isinstance(seen, PullRequest):
        return _merged(condition, seen)
    if isinstance(seen, Checked):
        return _passed(condition, seen)
    if isinstance(seen, Opinions):
        return _approved(condition, seen)
    if condition.name == "label":
        # GitHub's labels know no case.
        has = (condition.label or "").lower() in {each.lower() for each in seen.labels}
        return has, f"{condition.ref} has {'the' if has else 'no'} label {condition.label!r}"
    why = f" as {seen.state_reason.replace('_', ' ')}" if seen.state_reason else ""
    return not seen.open, f"{condition.ref} is {'open' if seen.open else f'closed{why}'}"


def _merged(condition: Condition, pull: PullRequest) -> tuple[bool, str]:
    if pull.merged:
        return True, f"{condition.ref} is merged"
    return False, f"{condition.ref} is {'open' if pull.open else 'closed, and was not merged'}"


def _passed(condition: Condition, seen: Checked) -> tuple[bool, str]:
    commit = f"commit {seen.head[:7]} of {condition.ref}"
    if not seen.checks:
        return False, f"no check has reported on {commit}"
    if failed := [check.name for check in seen.checks if check.state == "failed"]:
        return False, f"{_first(failed)} failed on {commit}"
    if pending := [check.name for check in seen.checks if check.state == "pending"]:
        return False, f"{_first(pending)} is not done on {commit}"
    return True, f"all {len(seen.checks)} checks passed on {commit}"


def _approved(condition: Condition, seen: Opinions) -> tuple[bool, str]:
    against = [login for login, state in seen.by.items() if state == REQUESTED]
    if against:
        return False, f"{_first(against)} requests changes of {condition.ref}"
    if given := [login for login, state in seen.by.items() if state == APPROVED]:
        return True, f"{condition.ref} is approved by {_first(given)}"
    return False, f"nobody who may write there approves {condition.ref}"


def _first(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{shown(names[0], 60)}{more}"


def opinions(reviews: Iterable[Review]) -> dict[str, str]:
    """What each reviewer said last, whoever that is; ``reviews`` are oldest first.

    A review that was dismissed counts for nothing, and revives none before it.
    """
    last: dict[str, str] = {}
    for review in reviews:
        if review.state in OPINIONS:
            last[review.author.login] = review.state
    return {login: state for login, state in last.items() if state in (APPROVED, REQUESTED)}
