"""Whether a job may run: who is asked what, in which order, and what silence means."""

from __future__ import annotations

from datetime import datetime

import pytest

from scheduler.errors import Rejected, SettingsUnreadable, Unavailable
from scheduler.gateway import Edit, Labelled
from scheduler.model import User
from scheduler.settings import Allow, Quotas, Settings, Trust
from scheduler.states import State
from tests.attacks.court import APP, MINUTE, OWNER, STRANGER, TRIAGE, Court
from tests.fakes import NOON


def test_an_author_with_the_role_may() -> None:
    court = Court()
    found = court.open()
    target, declared, problem = court.rules.judge(found)
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
    assert court.facts.edits_unknown


def test_where_edits_could_be_told_and_were_not_nothing_runs() -> None:
    court = Court()
    court.queue.edits_lost = True
    with pytest.raises(Unavailable, match="can't be told now"):
        court.rules.judge(court.open())
    assert not court.facts.edits_unknown


@pytest.mark.parametrize(
    ("edited", "labelled", "words"),
    [
        (None, Labelled(at=NOON, actor=OWNER), None),
        (NOON - MINUTE, Labelled(at=NOON, actor=OWNER), None),
        (NOON, Labelled(at=NOON, actor=OWNER), "it was changed after 'owner' labelled it"),
        (NOON + MINUTE, Labelled(at=NOON, actor=OWNER), "it was changed after"),
        (None, Labelled(at=NOON, actor=STRANGER), "who labelled it may not either"),
        (None, Labelled(at=NOON, actor=TRIAGE), "who labelled it may not either"),
        (None, Labelled(at=NOON, actor=APP), "is a bot that the settings do not name"),
        (None, None, "nobody is known to have labelled it"),
    ],
)
def test_a_stranger_s_text_as_somebody_trusted_labelled_it(
    edited: datetime | None, labelled: Labelled | None, words: str | None
) -> None:
    court = Court(Settings(trust=Trust(labelled=True)))
    found = court.open(author="stranger")
    court.queue.label = labelled
    if edited:
        court.hub.edited[found.number] = Edit(at=edited, editor=STRANGER)
    if words is None:
        assert court.verdict(found) is None
    else:
        court.refused(found, "author: 'stranger' has the role 'read'", words)


def test_a_label_vouches_only_where_the_settings_say_so() -> None:
    court = Court()
    court.queue.label = Labelled(at=NOON, actor=OWNER)
    court.refused(court.open(author="stranger"), "author: 'stranger'")
    assert "labelled" not in court.queue.calls


def test_what_forbids_without_asking_is_asked_first() -> None:
    court = Court(Settings(quotas=Quotas(horizon=MINUTE, depth=1)))
    early = court.open(author="stranger", at=NOON + 2 * MINUTE)
    assert str(court.rules.forbidden(early)).startswith("run-at: ")
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
        court.rules.judge(found)


def test_that_there_are_none_is_proven_once() -> None:
    court = Court(found=False)
    for author in ("stranger", "agent", "stranger"):
        court.rules.judge(court.open(author=author))
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
