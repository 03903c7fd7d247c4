"""Asks GitHub what a condition asks about, anew each time: a few reads, and no memory of them."""

from __future__ import annotations

from scheduler.conditions import APPROVED, REQUESTED, Checked, Condition, Opinions, Seen, opinions
from scheduler.errors import Rejected
from scheduler.facts import Facts
from scheduler.gateway import Queue
from scheduler.trust import at_least

#: So many reviewers are asked about, who they are. Anyone may review in a public repository.
MOST_REVIEWERS = 20


def ask(condition: Condition, queue: Queue, facts: Facts) -> Seen:
    """What ``verdict`` needs to know of ``condition``.

    Raises:
        Rejected: it can't be asked, and what to do about that.
        Unavailable, RateLimited, NotPermitted: GitHub did not say.
    """
    repo, number = condition.repo or queue.repository, condition.number
    if condition.name == "merged":
        return queue.pull_request(repo, number)
    if condition.name == "checks-pass":
        return _checks(queue, repo, queue.pull_request(repo, number).head)
    if condition.name == "approved":
        return _opinions(queue, facts, repo, number)
    return queue.issue(repo, number)


def _checks(queue: Queue, repo: str, head: str) -> Checked:
    checks = tuple(queue.check_runs(repo, head))
    if all(check.state == "passed" for check in checks):
        # What is no app sets statuses: both are the checks that people see.
        checks += tuple(queue.statuses(repo, head))
    return Checked(head=head, checks=checks)


def _opinions(queue: Queue, facts: Facts, repo: str, number: int) -> Opinions:
    """The opinions of those who may write there: to others nobody has to listen.

    ``author_association`` would save a question for each, and can't be relied on: a private
    member of an organisation is called a contributor, and a member need not have a right.
    """
    said = opinions(queue.reviews(repo, number))
    if len(said) > MOST_REVIEWERS:
        words = f"more than {MOST_REVIEWERS} people have reviewed {repo}#{number}"
        raise Rejected(f"{words}; dismiss some of their reviews", status=422)
    elsewhere = None if repo.lower() == queue.repository.lower() else repo
    # One who requests changes decides it, so those are asked about first.
    for state in (REQUESTED, APPROVED):
        for login, last in said.items():
            if last == state and at_least(facts.role(login, elsewhere), "write"):
                return Opinions(by={login: state})
    return Opinions(by={})
