"""Who is called, and where it is told what became of a job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.job.states import State
from scheduler.policy.news import NOT_RUN, Place, of_end, of_run, place_of, whom
from scheduler.settings.model import NEWS, Alerts
from tests.support.records import JOB, entry

QUEUE = "octo/queue"
WHO = ("@org/oncall",)


@pytest.mark.parametrize("word", NEWS)
def test_those_are_called_who_ask_for_it(word: str) -> None:
    state = State(word)
    assert whom(Alerts(mention=WHO), state) == WHO
    assert whom(Alerts(on=(word,), mention=WHO), State.SKIPPED, state) == WHO
    assert whom(Alerts(on=tuple({*NEWS} - {word}), mention=WHO), state) == ()
    assert whom(Alerts(), state) == ()


@pytest.mark.parametrize("state", [State.DISPATCHED, State.CANCELLED, State.REJECTED])
def test_nobody_is_called_to_what_they_can_t_ask_for(state: State) -> None:
    assert whom(Alerts(mention=WHO), state) == ()


@pytest.mark.parametrize(
    ("ref", "place"),
    [
        (None, None),
        ("#7", Place(repo=QUEUE, number=7)),
        ("octo/other#7", Place(repo="octo/other", number=7)),
    ],
)
def test_a_place_without_a_repository_is_the_queue_s(ref: str | None, place: Place | None) -> None:
    assert place_of(replace(JOB, reply_to=ref), queue=QUEUE) == place
    assert place is None or Place.of(place.ref, queue="other/queue") == place


@pytest.mark.parametrize(
    ("reply", "failed", "tells"),
    [("", True, True), ("", False, True), ("failure", True, True), ("failure", False, False)],
)
def test_a_run_s_end_is_told_as_the_job_asked(reply: str, failed: bool, tells: bool) -> None:
    ran = replace(entry("dispatched"), reply_to="octo/other#7", reply=reply)
    found = of_run(ran, failed=failed, queue=QUEUE)
    assert (found is not None) == tells
    assert of_run(entry("dispatched"), failed=failed, queue=QUEUE) is None


@pytest.mark.parametrize("state", State)
def test_an_end_without_a_run_is_told_unless_it_was_meant_and_failures_alone_are_asked_for(
    state: State,
) -> None:
    job = replace(JOB, reply_to="#7")
    assert (of_end(job, state, queue=QUEUE) is not None) == (state in NOT_RUN)
    failures = of_end(replace(job, reply="failure"), state, queue=QUEUE) is not None
    assert failures == (state in {State.MISSED, State.REJECTED, State.DISCARDED})
    assert of_end(JOB, state, queue=QUEUE) is None
