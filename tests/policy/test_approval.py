"""Whose approval a job needs, and for which text it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.job.model import Job
from scheduler.journal.journal import Entry, History, Journal
from scheduler.journal.notes import Asked, digest
from scheduler.policy.approval import (
    asked_for,
    given,
    needed,
    no_person,
    outdated,
    own,
    to_ask,
)
from scheduler.ports.values import Edit, Ticket, User
from scheduler.settings.model import Settings, Trust
from tests.support.fakes import NOON

SECOND = timedelta(seconds=1)
AGENT, OWNER = User(login="agent"), User(login="owner")
APP = User(login="app[bot]", bot=True)
NAMED = Settings(trust=Trust(bots=("Deployer",)), approve="bots")
JOB = Job(run_at=NOON)


def ticket(author: User = AGENT, *, body: str = "text", comments: int = 0) -> Ticket:
    return Ticket(
        number=1, body=body, author=author, created_at=NOON, updated_at=NOON, comments=comments
    )


def approved(body: str = "text") -> Journal:
    entry = Entry(key="1@comment-7", attempt=1, outcome="pending", at=NOON, approved=digest(body))
    return Journal(entries=(entry,))


@pytest.mark.parametrize(
    ("author", "editor", "needs"),
    [
        (AGENT, None, {"all"}), (AGENT, OWNER, {"all"}), (APP, None, {"all", "bots"}),
        (AGENT, APP, {"all", "bots"}), (APP, OWNER, {"all", "bots"}),
        (User(login="deployer"), None, {"all", "bots"}),
    ],
)  # fmt: skip
def test_who_needs_an_approval(author: User, editor: User | None, needs: set[str]) -> None:
    edit = Edit(at=NOON, editor=editor) if editor else Edit()
    for mode in ("none", "bots", "all"):
        settings = Settings(trust=NAMED.trust, approve=mode)
        assert needed(ticket(author), edit, settings) == (mode in needs)
        assert needed(ticket(author), None, settings) == (
            mode in needs and (mode == "all" or author in (APP, User(login="deployer")))
        )


def test_an_approval_is_for_one_text() -> None:
    assert given(History(journal=approved()), "text") == NOON
    assert given(History(journal=approved()), "text ") is None
    assert given(History(), "text") is None


def test_what_was_asked_is_asked_once_for_each_text() -> None:
    first = Asked(id=5, created_at=NOON, text_hash=digest("text"))
    assert asked_for([first, Asked(id=6, text_hash=digest("text"))], "text") == first
    assert asked_for([first], "other") is None


@pytest.mark.parametrize(
    ("history", "comments", "asks"),
    [
        (History(), 0, True), (History(), 3, False),
        (History(asked=(Asked(id=5, text_hash=digest("text")),)), 1, False),
        (History(asked=(Asked(id=5, text_hash=digest("old")),)), 1, True),
        (History(journal=approved()), 2, False), (History(journal=approved("old")), 2, True),
    ],
)  # fmt: skip
def test_when_it_is_asked_ahead(history: History, comments: int, *, asks: bool) -> None:
    assert to_ask(ticket(comments=comments), history) is asks


@pytest.mark.parametrize(
    ("edit", "asked", "counts"),
    [
        (Edit(), None, True), (Edit(at=NOON - SECOND), None, True), (Edit(at=NOON), None, False),
        (Edit(at=NOON + SECOND), NOON - SECOND, False), (None, None, False),
        (None, NOON, True), (None, NOON - SECOND, True), (None, NOON + SECOND, False),
    ],
)  # fmt: skip
def test_an_approval_of_an_older_text_does_not_count(
    edit: Edit | None, asked: object, *, counts: bool
) -> None:
    said = Asked(id=5, created_at=asked, text_hash="x") if asked else None  # type: ignore[arg-type]
    assert (outdated(NOON, edit, said) is None) is counts


def test_nobody_approves_what_they_wrote() -> None:
    sent = Job(run_at=NOON, parent="run:7 by Sender")
    edit = Edit(at=NOON, editor=User(login="Editor"))
    for login in ("AGENT", "sender", "editor"):
        assert own(User(login=login), ticket(), sent, edit)
    assert own(OWNER, ticket(), sent, edit) is None
    assert own(User(login="editor"), ticket(), sent, None) is None


def test_a_machine_approves_nothing() -> None:
    for user in (APP, User(login="DEPLOYER")):
        assert no_person(user, NAMED)
    assert no_person(OWNER, NAMED) is None
