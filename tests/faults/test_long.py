"""Issues with more comments than a page: the same promises, and what they cost.

What is longer than a page is read whole once, and then only what has changed. Here that is done
with every issue that has a comment, so that whatever holds of short discussions holds of long ones.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from scheduler.errors import Unavailable
from scheduler.journal import comments, journal
from scheduler.ports.values import Comments
from scheduler.tick import discussions
from tests.faults import test_matrix, test_series_matrix
from tests.faults.series import forward, goes, m, open_series, sound
from tests.faults.test_explorer import VARIANTS, explore
from tests.faults.test_holes import at
from tests.faults.test_stale_reads import LATE, late_reads_of_two_ticks
from tests.faults.world import Fault, World, body, world
from tests.support.fakes import BOT, Crash, MemoryHub, MemoryQueue
from tests.support.hold_world import hold_world

pytestmark = pytest.mark.slow

WAYS = ("what changed", "the end")


@pytest.fixture(autouse=True, params=WAYS)
def _long(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read again what changed; or, as where that would be many pages, the end of the list."""
    monkeypatch.setattr(discussions, "LONG", 1)
    if request.param == "the end":
        monkeypatch.setattr(discussions, "CROWDED", -1)
        monkeypatch.setattr(discussions, "ROOM", 1)
        monkeypatch.setattr("scheduler.simulation.queue.PAGE", 2)


changed = pytest.mark.parametrize("_long", WAYS[:1], indirect=True)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody says something about each issue as soon as it is opened."""
    opened = MemoryHub.open

    def talked_about(hub: MemoryHub, body: str, *, author: str = "agent") -> int:
        number = opened(hub, body, author=author)
        hub.comment(number, "/run", by="stranger")
        return number

    monkeypatch.setattr(MemoryHub, "open", talked_about)


@pytest.mark.parametrize(
    "lives", [range(5), pytest.param(range(5, 20), marks=pytest.mark.slow)], ids=["5", "15 more"]
)
@pytest.mark.parametrize("name", VARIANTS)
def test_the_invariants_hold(name: str, lives: range, monkeypatch: pytest.MonkeyPatch) -> None:
    small = name == "small journal"
    for module in (journal, comments):
        monkeypatch.setattr(module, "WHOLE", 2 if small else 3000)
        monkeypatch.setattr(module, "OLDER", 4 if small else 150)
    monkeypatch.setattr(comments, "LONGEST_LINE", 10**8)
    for seed in lives:
        explore(name, 50_000 + seed)


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    "name",
    [
        # Of targets with titles, without, and of events, one each.
        pytest.param(name, marks=[] if place % 2 else [pytest.mark.slow])
        for place, name in enumerate(test_matrix.SETTINGS)
    ],
)
def test_each_fault_at_each_request(name: str) -> None:
    test_matrix.single(test_matrix.SETTINGS[name], 1)


@pytest.mark.slow
@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("name", ["its second", "all of three", "plain"])
def test_faults_in_the_ticks_of_a_series(name: str) -> None:
    setting = test_series_matrix.SETTINGS[name]
    for index in range(1, test_series_matrix.requests_of(setting) + 1):
        for kind in ("crash-before", "crash-after", "drop-after", "long-after"):
            test_series_matrix.prove(setting, (Fault(index, kind),))
    for number in range(20):
        test_series_matrix.side_by_side(setting, f"long discussion {number}")


@pytest.mark.usefixtures("talk")
def test_two_ticks_at_once_with_faults() -> None:
    for seed in range(60):
        test_matrix.side_by_side(test_matrix.SETTINGS["titled"], 1 + seed % 2, f"long {seed}")


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("what", ["comments", "issues", "runs"])
@pytest.mark.parametrize("seconds", LATE)
def test_two_ticks_and_late_reads(what: str, seconds: float) -> None:
    for turns in range(0, 64, 3):
        late_reads_of_two_ticks(what, seconds, turns)


def talked(hub: MemoryHub, number: int, many: int) -> None:
    for _ in range(many):
        hub.comment(number, "/run", by="stranger")


def reads(made: World) -> list[bool]:
    """Of each reading of comments in a tick, whether it asked for all of them."""
    found = []

    class Watching(MemoryQueue):
        def comments(
            self, number: int, *, since: datetime | None = None, skip: int = 0
        ) -> Comments:
            found.append(since is None)
            return super().comments(number, since=since, skip=skip)

    made.tick(queue=Watching(made.hub))
    return found


@changed
def test_a_job_that_comes_once_is_read_whole_once() -> None:
    made = world()
    made.hub.open(body("s"))
    talked(made.hub, 1, 9)
    made.clock.sleep(600)
    assert reads(made) == [True, False]
    assert made.audit(1, "s") == "dispatched"


@changed
def test_a_series_is_read_whole_once_in_its_life() -> None:
    made = world()
    open_series(made.hub)
    talked(made.hub, 1, 9)
    found = [reads(made)]
    for minutes in range(10, 70, 10):
        forward(made, m(minutes))
        talked(made.hub, 1, 3)
        found.append(reads(made))
    assert found[0] == [True, False, False]
    assert found[1:] == [[False] * 3] * 6
    sound(made, 1)


@changed
def test_a_series_whose_journal_is_older_than_the_list_is_read_whole() -> None:
    made = world()
    open_series(made.hub, rule="every: 5h")
    talked(made.hub, 1, 9)
    made.tick()
    forward(made, m(60 * 30))
    assert reads(made) == [True, False, False]
    assert made.count("s") == 2


@pytest.mark.parametrize("by", ["owner", "stranger"])
def test_what_is_said_while_a_holder_stays_is_heard_of_people_alone(by: str) -> None:
    made = hold_world(hold=3600)
    open_series(made.hub, run_at=m(5))
    talked(made.hub, 1, 9)
    for minutes in range(2, 50, 3):
        made.lively.at(60 * minutes, partial(talked, made.hub, 1, 1))
    made.lively.at(60 * 22, partial(made.hub.comment, 1, "/pause", by=by))
    made.stays()
    assert len(made.sent_at("s")) == (2 if by == "owner" else 6)
    assert ("schedule:paused" in made.hub.ticket(1).labels) is (by == "owner")
    assert all(round(at % 600) == 300 for at in made.sent_at("s"))


def test_a_word_that_is_taken_back_is_not_carried_out() -> None:
    made = world()
    made.hub.open(body("s", run_at=m(300)))
    talked(made.hub, 1, 9)
    made.tick()
    said = made.hub.comment(1, "/run", by="owner")

    def take_back(index: int, name: str, act: Callable[[], object]) -> object:
        if name == "add_comment":
            made.hub.delete_comment(said.id)
        return act()

    made.tick(take_back)
    goes(made, 10)
    assert made.count("s") == 0


def test_a_word_that_is_taken_back_while_a_holder_stays_is_not_tried_for_ever() -> None:
    made = hold_world(hold=1200)
    made.hub.comment_list = False
    made.hub.open(body("s", run_at=m(300)))
    talked(made.hub, 1, 9)
    said = made.hub.comment(1, "/run", by="owner")
    made.clock.sleep(200)

    def take_back(index: int, name: str, act: Callable[[], object]) -> object:
        if name == "add_comment":
            made.hub.delete_comment(said.id)
        return act()

    made.stays(take_back)
    assert made.count("s") == 0
    assert len(made.named("add_comment")) == 1


def test_a_claim_that_another_took_back_is_not_asked_about() -> None:
    """What was known stays known, but nothing is recovered on its strength alone."""
    made = hold_world(hold=500)
    number = made.hub.open(body("s", to="workflow: plain.yml"))
    other = made.hub.comment(number, f"<!-- schedule:claim {CLAIM} -->", by=BOT)
    made.clock.sleep(600)
    talked(made.hub, number, 9)

    def silent(index: int, name: str, act: Callable[[], object]) -> object:
        if name == "runs" and made.seconds < 650:
            raise Unavailable("no answer")
        return act()

    made.lively.at(640, partial(made.hub.delete_comment, other.id))
    made.stays(silent)
    (entry,) = made.history(number).journal.entries
    assert (entry.outcome, entry.attempt) == ("dispatched", 1)


@changed
def test_one_occurrence_after_another_is_one_page_each() -> None:
    made = world()
    open_series(made.hub, more="misfire: all\n")
    talked(made.hub, 1, 9)
    forward(made, m(50))
    found = reads(made)
    assert made.count("s") == 6
    # Once to decide, once under the claim, and once before the journal is written.
    assert found == [True, *[False] * 17]


@changed
def test_each_occurrence_of_a_hold_is_one_look_and_one_page() -> None:
    made = hold_world(hold=3600)
    open_series(made.hub, run_at=m(5))
    talked(made.hub, 1, 9)
    found: list[bool] = []
    comments = MemoryQueue.comments

    def watched(
        queue: MemoryQueue, number: int, *, since: datetime | None = None, skip: int = 0
    ) -> Comments:
        found.append(since is None)
        return comments(queue, number, since=since, skip=skip)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemoryQueue, "comments", watched)
        made.stays()
    assert len(made.sent_at("s")) == 6
    # Once under the claim, and once before the journal is written.
    assert found == [True, *[False] * 12]
    # The issue is read under the claim, and for its title.
    assert len(made.named("ticket")) == 12


CLAIM = (
    '{"v":1,"key":"1@2026-11-23T12:00:00Z","attempt":1,"nonce":"n",'
    '"target":"octo/queue plain.yml@main",'
    '"made_at":"2026-11-23T12:00:00Z","expires_at":"2026-11-23T12:00:30Z"}'
)


@changed
@pytest.mark.parametrize("word", ["/resolve again", "/cancel", "/resolve dispatched 7"])
def test_a_held_job_is_read_whole_when_somebody_who_may_says_so(word: str) -> None:
    made = world()
    made.hub.open(body("s", to="event: wake"))
    talked(made.hub, 1, 9)
    made.tick(at("dispatch", _die, before=False))
    made.clock.sleep(150)
    made.tick()
    assert "schedule:held" in made.hub.ticket(1).labels
    made.clock.sleep(3600)
    for by in ("stranger", "other"):
        made.hub.comment(1, word, by=by)
        assert reads(made) == [False]
        assert [note.id for note in made.reports[-1].held] == [1]
    made.hub.comment(1, word, by="owner")
    made.tick()
    made.tick()
    made.until_quiet()
    assert not made.hub.ticket(1).open
    assert made.count("s") == 1 + (word == "/resolve again")


def _die() -> None:
    raise Crash
