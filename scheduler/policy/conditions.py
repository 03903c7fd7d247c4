"""Whether a condition holds, by what GitHub answered, and what was seen, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scheduler.job.conditions import Condition
from scheduler.ports.values import Check, PullRequest, Review, Ticket
from scheduler.text import shown

#: The states of a review that replace the reviewer's earlier one; a comment does not.
#: https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
APPROVED, REQUESTED = "APPROVED", "CHANGES_REQUESTED"
OPINIONS = (APPROVED, REQUESTED, "DISMISSED")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The checks of a pull request's newest commit."""

    #: The commit's SHA.
    head: str
    #: Its check runs and its statuses.
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class Opinions:
    """The last review of each reviewer who may write there."""

    #: Login to the review's state.
    by: Mapping[str, str]


Seen = Ticket | PullRequest | Checked | Opinions


def verdict(condition: Condition, seen: Seen) -> tuple[bool, str]:
    """Whether ``condition`` holds by ``seen``, and what was seen, in words."""
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
    """The last review of each reviewer, from ``reviews``, oldest first: login to state.

    A reviewer whose last review was dismissed is left out.
    """
    last: dict[str, str] = {}
    for review in reviews:
        if review.state in OPINIONS:
            last[review.author.login] = review.state
    return {login: state for login, state in last.items() if state in (APPROVED, REQUESTED)}
