"""What a person does to an issue between any two requests of a tick, over real HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stage import REPO, Stage, served
from tests.support.fakes import BOT

LABELS = f"/repos/{REPO}/issues/1/labels"
HEAD = "run-at: 2026-01-01T00:00:00Z\nworkflow: titled.yml\ninputs: {job: '1'}\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with served(tmp_path) as made:
        yield made


@dataclass(frozen=True)
class Act:
    """A request of the owner's, and the label that is then there, or is not."""

    method: str
    path: str
    body: Any
    label: str
    there: bool

    def do(self, stage: Stage) -> None:
        stage.sandbox.call("owner", self.method, self.path, self.body)


ACTS = {
    "pauses it": Act("POST", LABELS, ["schedule:paused"], "schedule:paused", there=True),
    "takes it out of the queue": Act("DELETE", f"{LABELS}/schedule", None, "schedule", there=False),
    "puts another label on": Act("POST", LABELS, ["wip"], "wip", there=True),
}
#: What a tick writes to the issue of each: labels, a title, its end.
SITUATIONS = {
    "a series": f"---\n{HEAD}every: 1h\n---\nhi\n",
    "a job that is missed": f"---\n{HEAD}deadline: 1m\n---\nhi\n",
    "a job that runs": f"---\n{HEAD}---\nhi\n",
    "no job": "---\nrun-at: never\n---\n",
}
#: Of the quick run; and no series, which has twice as many requests.
QUICK = ("pauses it",)
PAIRS = [
    pytest.param(s, a, marks=[pytest.mark.slow] if s == "a series" or a not in QUICK else [])
    for s, a in itertools.product(SITUATIONS, ACTS)
]


def opened(stage: Stage, text: str) -> None:
    stage.sandbox.reset()
    title = "⏰ titled.yml at 2026-01-01T00:00:00Z: hi"
    issue = {"title": title, "body": text, "labels": ["schedule"]}
    made = stage.sandbox.call("agent", "POST", f"/repos/{REPO}/issues", issue)
    assert made["number"] == 1


def ticked(stage: Stage, index: int, do: Callable[[], None]) -> bool:
    """A tick in which somebody does something before its request ``index``; False: it has less."""
    done: list[bool] = []

    def act() -> None:
        do()
        done.append(True)

    with stage.at_request(index, act):
        stage.tick()
    return bool(done)


@pytest.mark.parametrize(("situation", "name"), PAIRS)
def test_no_label_of_a_person_s_is_undone(stage: Stage, situation: str, name: str) -> None:
    text, act = SITUATIONS[situation], ACTS[name]
    index = 0
    while index := index + 1:
        opened(stage, text)
        if not ticked(stage, index, lambda: act.do(stage)):
            break
        ran = len(stage.names())
        stage.sandbox.clock.advance(3700)
        stage.tick()
        labels = [label["name"] for label in stage.issue(1)["labels"]]
        assert (act.label in labels) == act.there, (index, labels)
        assert act.label == "wip" or len(stage.names()) == ran, index
        events = stage.sandbox.call("owner", "GET", f"/repos/{REPO}/issues/1/events")
        by_bot = {each["label"]["name"] for each in events
                  if each["actor"]["login"] == BOT and "label" in each}  # fmt: skip
        assert "schedule" not in by_bot, index
    assert index > 4


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("word", ["/resume", "/run"])
def test_a_pause_of_after_a_word_stays(stage: Stage, word: str, *, graphql: bool) -> None:
    stage.sandbox.configure(graphql=graphql)
    later = stage.sandbox.clock() + timedelta(hours=5)
    opened(stage, SITUATIONS["a job that runs"].replace("2026-01-01T00:00:00Z", later.isoformat()))
    said = {"body": word}
    made = stage.sandbox.call("owner", "POST", f"/repos/{REPO}/issues/1/comments", said)
    stage.sandbox.clock.advance(5)
    ACTS["pauses it"].do(stage)
    for _ in range(2):
        stage.tick()
    assert "schedule:paused" in [label["name"] for label in stage.issue(1)["labels"]]
    assert stage.names() == []
    faces = stage.sandbox.call(
        "owner", "GET", f"/repos/{REPO}/issues/comments/{made['id']}/reactions"
    )
    assert [each["content"] for each in faces] == ["-1"]
