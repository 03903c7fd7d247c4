"""Virtual time: one process at a time, in an order that depends on nothing else."""

from __future__ import annotations

import threading

import pytest

from scheduler.simulation.timeline import Killed, Timeline


def test_processes_take_turns_in_the_order_of_time_then_of_sequence() -> None:
    timeline, seen = Timeline(), []

    def process(name: str, *waits: float) -> None:
        for wait in waits:
            timeline.wait(wait)
            seen.append((timeline.seconds, name))

    timeline.after(0, lambda: timeline.spawn(lambda: process("a", 1, 1, 1)))
    timeline.after(0, lambda: timeline.spawn(lambda: process("b", 1, 0.5, 1.5)))
    timeline.after(2, lambda: seen.append((timeline.seconds, "event")))
    timeline.run(lambda: False)
    assert seen == [(1, "a"), (1, "b"), (1.5, "b"), (2, "event"), (2, "a"), (3, "b"), (3, "a")]


def test_what_a_process_raises_is_raised() -> None:
    timeline = Timeline()

    def fail() -> None:
        timeline.wait(1)
        raise ValueError("in a process")

    timeline.after(0, lambda: timeline.spawn(fail))
    timeline.after(5, lambda: None)
    with pytest.raises(ValueError, match="in a process"):
        timeline.run(lambda: False)


def test_the_end_ends_every_process_and_leaves_no_thread() -> None:
    timeline, ended, before = Timeline(), [], set(threading.enumerate())

    def endless() -> None:
        try:
            while True:
                timeline.wait(1)
        except Killed:
            ended.append(timeline.seconds)
            with pytest.raises(Killed):  # nor does it come to life again
                timeline.wait(0)
            raise

    for second in range(20):
        timeline.after(second, lambda: None)
    timeline.after(0, lambda: timeline.spawn(endless))
    timeline.after(0, lambda: timeline.spawn(endless))
    timeline.run(lambda: timeline.seconds >= 10)
    assert ended == [10, 10]
    assert set(threading.enumerate()) <= before


def test_a_process_that_is_alone_needs_no_thread() -> None:
    timeline, seen, before = Timeline(), [], set(threading.enumerate())

    def process() -> None:
        for _ in range(3):
            timeline.wait(2)
            seen.append((timeline.seconds, len(set(threading.enumerate()) - before)))

    for second in (1, 3, 5):
        timeline.after(second, lambda: seen.append((timeline.seconds, -1)))
    timeline.after(0, lambda: timeline.spawn(process))
    timeline.run(lambda: False)
    assert seen == [(1, -1), (2, 0), (3, -1), (4, 0), (5, -1), (6, 0)]


def test_what_goes_wrong_beside_a_process_is_not_for_it_to_handle() -> None:
    timeline, handled = Timeline(), []

    def careful() -> None:
        try:
            timeline.wait(2)
        except ValueError:
            handled.append(timeline.seconds)

    def fail() -> None:
        raise ValueError("beside it")

    timeline.after(1, fail)
    timeline.after(0, lambda: timeline.spawn(careful))
    with pytest.raises(ValueError, match="beside it"):
        timeline.run(lambda: False)
    assert handled == []
