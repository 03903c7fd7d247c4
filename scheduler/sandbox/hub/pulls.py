"""What people do to pull requests, with GitHub's rules; no HTTP here."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.hub.issues import Desk
from scheduler.sandbox.hub.people import at_least
from scheduler.sandbox.hub.records import Issue, Pull, Review
from scheduler.sandbox.hub.repository import Repository

EVENTS = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}
"""What a review can be sent as, and the state that it has then.

https://docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request
"""


def _commit(repository: Repository, number: int, count: int) -> str:
    text = f"{repository.full_name}\0{number}\0{count}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def opened(desk: Desk, title: str) -> Issue:
    """Open a pull request with one commit."""
    number = desk.repository.last_number + 1
    head = _commit(desk.repository, number, 0)
    return desk.open(title, None, pull=Pull(branch=f"change-{number}", heads=[head]))


def find(repository: Repository, number: int) -> tuple[Issue, Pull]:
    """The pull request. Raises: 404, of an issue too."""
    issue = repository.issues.get(number)
    if issue is None or issue.pull is None:
        raise not_found()
    return issue, issue.pull


def push(repository: Repository, number: int) -> str:
    """Add a commit; its own checks are still to come."""
    _, pull = find(repository, number)
    pull.heads.append(_commit(repository, number, len(pull.heads)))
    return pull.head


def review(desk: Desk, number: int, event: str, body: str) -> Review:
    """Write a review. Raises: 422 for an unknown event, and for one's own approval."""
    issue, pull = find(desk.repository, number)
    if event not in EVENTS:
        raise ApiFailure(422, "Unprocessable Entity", errors=[f"{event!r} is not an event"])
    own = issue.author.id == desk.user.id
    if own and event != "COMMENT":
        words = "approve" if event == "APPROVE" else "request changes on"
        error = f"Can not {words} your own pull request"
        raise ApiFailure(422, "Unprocessable Entity", errors=[error])
    if event != "APPROVE" and not body:
        raise ApiFailure(422, "Unprocessable Entity", errors=["Body can't be blank"])
    made = Review(
        id=desk.state.new_id(),
        author=desk.user,
        state=EVENTS[event],
        body=body,
        submitted_at=desk.state.clock(),
        commit=pull.head,
    )
    pull.reviews.append(made)
    return made


def dismiss(desk: Desk, number: int, review_id: int) -> Review:
    """Take a review out of account. Raises: 404, or 422 for one that is no opinion."""
    _, pull = find(desk.repository, number)
    found = next((each for each in pull.reviews if each.id == review_id), None)
    if found is None:
        raise not_found()
    if found.state not in ("APPROVED", "CHANGES_REQUESTED"):
        error = "Can not dismiss a commented pull request review"
        raise ApiFailure(422, "Unprocessable Entity", errors=[error])
    found.state = "DISMISSED"
    return found


def merge(desk: Desk, number: int) -> str:
    """Merge and close; the commit. Raises: 403 without push access, 405 where it is closed."""
    issue, pull = find(desk.repository, number)
    if not at_least(desk.role, "write"):
        raise ApiFailure(403, "Must have admin rights to Repository.")
    if issue.view.state != "open":
        raise ApiFailure(405, "Pull Request is not mergeable")
    pull.merged_at, pull.merged_by = desk.state.clock(), desk.user
    closed = replace(issue.view, state="closed", closed_at=pull.merged_at, closed_by=desk.user)
    desk.put(issue, closed)
    desk.event(issue, "merged")
    desk.event(issue, "closed")
    return pull.head
