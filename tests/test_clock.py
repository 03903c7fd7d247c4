"""The machine's clock, set right by the dates of GitHub's answers."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest

from scheduler import clock as clock_module
from scheduler.clock import SystemClock

BEGIN = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)


class Machine:
    """A machine whose wall clock is ``ahead`` of GitHub's, by seconds."""

    def __init__(self) -> None:
        self.true = 0.25
        self.ahead = 0.0
        self.clock = SystemClock()

    def wall(self, _: Any = None) -> datetime:
        return BEGIN + timedelta(seconds=self.true + self.ahead)

    def steady(self) -> float:
        return self.true

    @property
    def github(self) -> datetime:
        return BEGIN + timedelta(seconds=self.true)

    @property
    def error(self) -> float:
        """By how much the corrected clock is ahead of GitHub's."""
        return (self.clock.now() - self.github).total_seconds()

    def ask(self, there: float = 0.05, back: float = 0.05) -> None:
        """A request, and its answer with whole seconds."""
        asked = self.clock.now()
        self.true += there
        date = self.github.replace(microsecond=0)
        self.true += back
        self.clock.answered(date, asked)


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine()
    with (
        mock.patch.object(clock_module, "datetime") as wall,
        mock.patch.object(SystemClock, "monotonic", made.steady),
    ):
        wall.now = made.wall
        yield made


@pytest.mark.parametrize("ahead", [0.0, 0.04, -0.04])
def test_a_clock_that_is_right_is_left_alone(machine: Machine, ahead: float) -> None:
    machine.ahead = ahead
    chance = random.Random(1)
    for _ in range(500):
        machine.true += chance.random() * 3
        machine.ask()
        assert machine.error == pytest.approx(ahead)


@pytest.mark.parametrize("ahead", [2_500_000.0, 100_000.0, 3600.0, 10.0, 2.5, 1.2])
def test_what_is_ahead_is_never_early_after_one_answer(machine: Machine, ahead: float) -> None:
    machine.ahead = ahead
    for phase in range(100):
        machine.clock = SystemClock()
        machine.true = 100 + phase / 100
        machine.ask()
        assert -1.2 <= machine.error <= 0, phase


@pytest.mark.parametrize("ahead", [3600.0, 10.0, 1.0, 0.5, 0.3, -0.3, -1.0, -10.0, -3600.0])
def test_the_answers_of_a_tick_tell_the_time_to_a_part_of_a_second(
    machine: Machine, ahead: float
) -> None:
    machine.ahead = ahead
    chance = random.Random(2)
    for _ in range(12):
        machine.true += chance.random()
        machine.ask()
    assert -0.35 <= machine.error <= 0


@pytest.mark.parametrize("ahead", [3600.0, 10.0, -10.0, -3600.0])
def test_an_instant_that_github_has_reached_is_reached_here(machine: Machine, ahead: float) -> None:
    machine.ahead = ahead
    for _ in range(30):
        machine.true += 0.37
        machine.ask()
        assert machine.clock.now() >= (machine.github - timedelta(seconds=0.05)).replace(
            microsecond=0
        )


@pytest.mark.parametrize("jump", [3600.0, 5.0, 1.5, -1.5, -5.0, -3600.0])
def test_a_jump_is_set_right_by_the_next_answer(machine: Machine, jump: float) -> None:
    for _ in range(20):
        machine.true += 0.37
        machine.ask()
    machine.ahead += jump
    machine.true += 0.1
    machine.ask()
    assert -1.2 <= machine.error <= 0.1
    machine.ahead -= jump
    machine.true += 0.1
    machine.ask()
    assert -1.2 <= machine.error <= 0.1


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_a_jump_during_a_request_misleads_for_one_answer_at_most(
    machine: Machine, jump: float
) -> None:
    machine.ask()
    asked = machine.clock.now()
    machine.true += 0.05
    date = machine.github.replace(microsecond=0)
    machine.ahead += jump
    machine.clock.answered(date, asked)
    machine.ask()
    assert -1.2 <= machine.error <= 0.1


@pytest.mark.parametrize("ahead", [-2_500_000.0, -100_000.0])
def test_a_machine_that_slept_for_days_is_set_right(machine: Machine, ahead: float) -> None:
    machine.ahead = ahead
    machine.ask()
    assert machine.error == pytest.approx(0, abs=1.2)


@pytest.mark.parametrize("ahead", [3_000_000.0, -3_000_000.0])
def test_a_server_that_is_months_away_is_not_believed(machine: Machine, ahead: float) -> None:
    machine.ahead = ahead
    machine.ask()
    assert machine.error == pytest.approx(ahead)


def test_a_slow_answer_tells_little_and_spoils_nothing(machine: Machine) -> None:
    machine.ahead = 10.0
    for _ in range(10):
        machine.true += 0.37
        machine.ask()
    before = machine.error
    machine.ask(there=0.05, back=12.0)
    assert machine.error == pytest.approx(before)


# Sleeping.


def test_a_sleep_is_as_long_as_it_was_asked_for() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    clock.sleep(0.05)
    clock.sleep(0)
    clock.sleep(-1)
    assert clock.monotonic() - began >= 0.05


def test_waking_ends_one_sleep() -> None:
    clock = SystemClock()
    timer = threading.Timer(0.05, clock.wake)
    timer.start()
    began = clock.monotonic()
    clock.sleep(600)
    assert clock.monotonic() - began < 300
    clock.wake()
    clock.sleep(600)
    assert clock.monotonic() - began < 300, "woken before it slept"
    began = clock.monotonic()
    clock.sleep(0.1)
    assert clock.monotonic() - began >= 0.1, "a later wait is a wait: nobody hammers GitHub"
    timer.join()


def test_a_signal_wakes() -> None:
    clock = SystemClock()
    main = threading.main_thread().ident or 0
    before = signal.signal(signal.SIGUSR1, lambda *_: clock.wake())
    try:
        for _ in range(20):
            timer = threading.Timer(0.01, signal.pthread_kill, (main, signal.SIGUSR1))
            timer.start()
            began = clock.monotonic()
            with mock.patch.object(clock_module, "SLICE", 600):
                clock.sleep(600)
            timer.join()
            assert clock.monotonic() - began < 300, "at once, not when the slice is over"
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_machine_that_was_suspended_sleeps_no_longer_than_the_world() -> None:
    """The steady clock stood still meanwhile; the wall clock tells."""
    with mock.patch.object(clock_module, "SLICE", 0.02):
        clock = SystemClock()
        began, calls = time.monotonic(), 0
        real = datetime.now(timezone.utc)

        def wall(_: Any) -> datetime:
            nonlocal calls
            calls += 1
            return real + timedelta(hours=1 if calls > 3 else 0)

        with mock.patch.object(clock_module, "datetime") as patched:
            patched.now = wall
            clock.sleep(600)
        assert time.monotonic() - began < 300
