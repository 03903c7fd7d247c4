"""Whether a job may run: who is asked what, in which order, and what silence means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from scheduler.errors import Rejected, SettingsUnreadable, Unavailable
from scheduler.job.states import State
from scheduler.journal.journal import Entry, History, Journal
from scheduler.journal.slash import Command
from scheduler.ports.values import Edit, Event, User
from scheduler.settings.model import Allow, Quotas, Scheduler, Settings, Trust
from scheduler.tick import rules
from tests.attacks.court import APP, MINUTE, OWNER, STRANGER, TRIAGE, Court
from tests.support.fakes import BOT, NOON

RUN = Command(comment_id=7, by="owner", name="run", said_at=NOON)


def test_an_author_with_the_role_may() -> None:
    court = Court()
    found = court.open()
    target, declared, problem = rules.judge(court.ctx, found)
    assert (target.repo, target.ref, target.workflow) == ("octo/queue", "main", "run.yml")
    assert (list(declared.inputs), problem) == (["place"], None)


@pytest.mark.parametrize("author", ["stranger", "triage", "nobody"])
def test_one_without_it_may_not(author: str) -> None:
    court = Court()
    court.refused(court.open(author=author), f"author: {author!r} has the role")


def test_a_bot_s_role_is_never_asked_for() -> None:
    court = Court(Settings(trust=Trust(bots=(APP.login,)), allow=Allow(workflows=("run.yml",))))
    assert court.verdict(court.open(author=APP.login)) is None
    court.refused(court.open(author="other[bot]"), "is a bot that the settings do not name")
    assert "role" not in court.queue.calls


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        (None, "was changed by an account that is gone"),
        (TRIAGE, "was last changed by somebody else"),
        (STRANGER, "'stranger' has the role 'read'"),
        (APP, "is a bot that the settings do not name"),
        (OWNER, None), (User(login="agent"), None),
    ],
)  # fmt: skip
def test_whoever_changed_the_text_last_must_be_trusted(
    editor: User | None, words: str | None
) -> None:
    court = Court()
    found = court.open()
    court.hub.edited[found.number] = Edit(at=NOON, editor=editor)
    if words is None:
        assert court.verdict(found) is None
    else:
        court.refused(found, "body: ", words)


def test_without_graphql_the_author_alone_counts_and_that_is_known() -> None:
    court = Court()
    found = court.open()
    court.hub.edited[found.number] = Edit(at=NOON, editor=STRANGER)
    court.hub.graphql = False
    assert court.verdict(found) is None
    assert court.ctx.facts.edits_unknown


def test_where_edits_could_be_told_and_were_not_nothing_runs() -> None:
    court = Court()
    court.queue.acts_lost = True
    with pytest.raises(Unavailable, match="can't be told now"):
        rules.judge(court.ctx, court.open())
    assert not court.ctx.facts.edits_unknown


@pytest.mark.parametrize(
    ("edited", "labelled", "words"),
    [
        (None, OWNER, None),
        (NOON - MINUTE, OWNER, None),
        (NOON, OWNER, "it was changed after 'owner' labelled it"),
        (NOON + MINUTE, OWNER, "it was changed after"),
        (None, STRANGER, "who labelled it may not either"),
        (None, TRIAGE, "who labelled it may not either"),
        (None, APP, "is a bot that the settings do not name"),
        (None, User(login=BOT.upper(), bot=True), "the scheduler's own account"),
        (None, None, "nobody is known to have labelled it"),
    ],
)
def test_a_stranger_s_text_as_somebody_trusted_labelled_it(
    edited: datetime | None, labelled: User | None, words: str | None
) -> None:
    court = Court(Settings(trust=Trust(labelled=True)))
    found = court.open(author="stranger")
    court.happened(found, *([("labeled schedule", labelled)] if labelled else []))
    if edited:
        court.hub.edited[found.number] = Edit(at=edited, editor=STRANGER)
    if words is None:
        assert court.verdict(found) is None
    else:
        court.refused(found, "author: 'stranger' has the role 'read'", words)


def test_where_the_scheduler_can_not_tell_its_own_label_from_others_none_vouches_yet() -> None:
    """Its own label is no person's word, and perhaps only this question went unanswered."""
    court = Court(Settings(trust=Trust(labelled=True, bots=(BOT,))))
    court.queue.viewer = lambda: None  # type: ignore[method-assign]
    found = court.open(author="stranger")
    court.happened(found, ("labeled schedule", User(login=BOT, bot=True)))
    with pytest.raises(Unavailable, match=r"scheduler\.login"):
        rules.judge(court.ctx, found)
    named = Settings(trust=Trust(labelled=True, bots=(BOT,)), scheduler=Scheduler(login=BOT))
    court = Court(named)
    found = court.open(author="stranger")
    court.happened(found, ("labeled schedule", User(login=BOT, bot=True)))
    court.refused(found, "the scheduler's own account")


def test_a_label_vouches_only_where_the_settings_say_so() -> None:
    court = Court()
    found = court.open(author="stranger")
    court.happened(found, ("labeled schedule", OWNER))
    court.refused(found, "author: 'stranger'")
    assert not {"acts", "events"} & {*court.queue.calls}, "who wrote it is the cheap question"


BEGUN = [
    ([("labeled schedule", OWNER)], None),
    ([("labeled schedule", TRIAGE)], "label: 'schedule' was put on"),
    ([("labeled SCHEDULE", TRIAGE)], "label: 'schedule' was put on"),
    ([("labeled schedule", None)], "its account is gone"),
    ([("labeled schedule", APP)], "is a bot that the settings do not name"),
    ([("labeled other", TRIAGE), ("labeled schedule:x", TRIAGE)], None),
    (["labeled schedule:paused", "labeled schedule:held"], None),
    ([("labeled schedule", OWNER), "unlabeled schedule", "labeled schedule"], "was put on"),
    (["labeled schedule", "unlabeled schedule", ("labeled schedule", OWNER)], None),
    (["closed", "reopened"], "state: was reopened"),
    (["closed", ("reopened", OWNER)], None),
    (["closed", "reopened", ("closed", OWNER), ("reopened", OWNER)], None),
    (["closed", ("reopened", OWNER), "closed", "reopened"], "state: was reopened"),
    # Who reopens answers for how it stood when it was closed, and for nothing that came since.
    (["labeled schedule", "closed", ("reopened", OWNER)], None),
    (["locked", "unlocked", "closed", ("reopened", OWNER)], None),
    (["closed", "labeled schedule", ("reopened", OWNER)], "label: 'schedule' was put on"),
    (["closed", ("reopened", OWNER), "labeled schedule"], "label: 'schedule' was put on"),
    (["closed", ("reopened", OWNER), "locked", "unlocked"], "state: was unlocked"),
    (["locked", "unlocked"], "state: was unlocked"),
    (["unlocked", "locked"], None),
    (["locked", ("unlocked", OWNER)], None),
]


def by_triage(events: list[str | tuple[str, User | None]]) -> list[tuple[str, User | None]]:
    return [(each, TRIAGE) if isinstance(each, str) else each for each in events]


@pytest.mark.parametrize(("events", "words"), BEGUN)
def test_whoever_begins_a_job_answers_for_it(events: Any, words: str | None) -> None:
    court = Court()
    found = court.open()
    court.happened(found, *by_triage(events))
    if words is None:
        assert court.verdict(found) is None
    else:
        court.refused(found, words)


PAUSED, HELD = ("schedule:paused", State.PAUSED), ("schedule:held", State.HELD)


@pytest.mark.parametrize(("name", "state"), [PAUSED, HELD])
@pytest.mark.parametrize(
    ("events", "stays"),
    [
        (["labeled", "unlabeled"], True),
        (["unlabeled"], True),
        (["labeled", ("unlabeled", OWNER)], False),
        (["labeled", ("unlabeled", None)], True),
        (["labeled", "unlabeled", "labeled", ("unlabeled", OWNER)], False),
        (["labeled", ("unlabeled", OWNER), "labeled", "unlabeled"], True),
        (["unlabeled", "labeled"], False),
        (["labeled", "unlabeled", "closed", ("reopened", OWNER)], False),
        (["labeled", "closed", "unlabeled", ("reopened", OWNER)], True),
    ],
)
def test_whoever_lets_a_job_go_on_answers_for_it(
    events: Any, stays: bool, name: str, state: State
) -> None:
    court = Court()
    found = court.open()
    past = [(f"{said} {name}" if "label" in said else said, by) for said, by in by_triage(events)]
    court.happened(found, *past)
    verdict = court.verdict(found)
    assert (verdict and verdict[0]) == (state if stays else None)
    if verdict:
        assert name in verdict[1]
    assert court.verdict(replace(found, command=RUN)) is None, "a command is asked by itself"


def test_events_of_one_second_are_told_apart_by_their_place() -> None:
    court = Court()
    found = court.open()
    off, on = (Event(event=e, at=NOON, actor=TRIAGE, label="schedule:paused")
               for e in ("unlabeled", "labeled"))  # fmt: skip
    for past, stays in (([off, on, off], True), ([on, off, on], False)):
        court.hub.events[found.number] = past
        court.clock.sleep(60)
        assert (court.verdict(found) is not None) == stays


@pytest.mark.parametrize(
    ("said", "login", "stays"),
    [
        ("/resume by 'owner'", BOT, False),
        ("/resume by 'owner'", "another[bot]", True),
        ("", BOT, True),
    ],
)
def test_the_scheduler_takes_the_label_of_a_pause_off_at_a_word_alone(
    said: str, login: str, stays: bool
) -> None:
    court = Court()
    found = court.open()
    bot = User(login=login, bot=True)
    court.happened(found, ("labeled schedule:paused", OWNER), ("unlabeled schedule:paused", bot))
    resumed = Entry(key=f"{found.number}@comment-7", attempt=1, outcome="pending", at=NOON,
                    reason=said)  # fmt: skip
    early = replace(resumed, at=NOON - 5 * MINUTE)
    for entry, paused in ((resumed, stays), (early, True)):
        entries = (entry,) if said else ()
        known = replace(found, history=History(journal=Journal(entries=entries)))
        assert (court.verdict(known) is not None) == paused


def test_without_graphql_the_events_are_asked_of_the_issue() -> None:
    court = Court()
    found = court.open()
    court.hub.graphql = False
    court.happened(found, ("closed", OWNER), ("reopened", TRIAGE))
    court.refused(found, "state: was reopened")
    assert (court.ctx.facts.edits_unknown, court.ctx.facts.events_unknown) == (True, False)
    court.hub.event_list = False
    court.clock.sleep(60)
    assert court.verdict(found) is None
    assert court.ctx.facts.events_unknown
    court.verdict(court.open())
    assert court.queue.calls.count("events") == 2, "a server that can't tell is asked once"


def test_what_forbids_without_asking_is_asked_first() -> None:
    court = Court(Settings(quotas=Quotas(horizon=MINUTE, depth=1)))
    early = court.open(author="stranger", at=NOON + 2 * MINUTE)
    assert str(rules.forbidden(court.ctx, early)).startswith("run-at: ")
    court.refused(early, "quotas.horizon")
    deep = court.open('parent: "1@2026-11-23T09:00:00Z depth=2"')
    court.refused(deep, "quotas.depth")
    assert set(court.queue.calls) <= {"prove_contents"}


@pytest.mark.parametrize(
    ("lines", "author"),
    [
        ((), "agent"),
        ((), "stranger"),
        (("inputs: {place: c}",), "agent"),
        (("ref: main",), "agent"),
    ],
)
@pytest.mark.parametrize("workflow", ["run.yml", "nowhere.yml"])
def test_by_settings_that_may_be_others_nothing_is_decided(
    lines: tuple[str, ...], author: str, workflow: str
) -> None:
    court = Court(found=False)
    court.queue.unreadable = True
    court.hub.workflows = {}
    found = court.open(*lines, author=author)
    with pytest.raises(SettingsUnreadable, match="contents: read"):
        rules.judge(court.ctx, found)


def test_that_there_are_none_is_proven_once() -> None:
    court = Court(found=False)
    for author in ("stranger", "agent", "stranger"):
        rules.judge(court.ctx, court.open(author=author))
    assert court.queue.calls.count("prove_contents") == 1


@pytest.mark.parametrize(
    ("lines", "state"), [((), State.REJECTED), (("every: 1d",), State.DISCARDED)]
)
def test_what_the_target_does_not_take_is_rejected_and_ends_no_series(
    lines: tuple[str, ...], state: State
) -> None:
    court = Court()
    verdict = court.verdict(court.open("inputs: {place: c}", *lines))
    assert verdict is not None
    assert verdict[0] is state
    assert verdict[1].startswith("inputs.place: 'c' is not one of its options; ")


@pytest.mark.parametrize("lines", [(), ("inputs: {place: a, plaec: b}",)])
def test_a_target_that_is_gone_or_has_changed_is_a_no_of_the_target(lines: tuple[str, ...]) -> None:
    court = Court()
    if not lines:
        court.hub.workflows = {}
    court.refused(court.open(*lines), "workflow: 'run.yml'" if not lines else "inputs: 'plaec'")


def test_what_github_refuses_is_discarded(monkeypatch: pytest.MonkeyPatch) -> None:
    court = Court()

    def refuse(*_: object) -> None:
        raise Rejected("GitHub answers 403: Forbidden", status=403)

    monkeypatch.setattr(court.queue, "workflow_file", refuse)
    verdict = court.verdict(court.open())
    assert verdict == (State.DISCARDED, "GitHub answers 403: Forbidden")
