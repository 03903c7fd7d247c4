"""``schedule simulate``: plays a month of each profile against a model of GitHub."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click

from scheduler import streams
from scheduler.cli.group import JSON, tell

#: More days take long, and tell nothing more.
MOST_DAYS = 366
#: What can be played; ``cron`` is a scheduler that only GitHub's cron starts.
WHERE = ("public", "private", "self-hosted")
PROFILES = ("auto", "alarm", "thrifty", "balanced", "punctual", "cron", "all")


class Number(click.FloatRange):
    """A number within bounds, which `nan` is not, though it is below and above nothing."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number that an option says."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is no number", param, ctx)
        return number


@contextmanager
def progress(stream: TextIO) -> Iterator[Callable[[str, float], None]]:
    """Shows on one line of a terminal how much was played; elsewhere nothing is said of it."""
    shown, terminal = "", streams.width(stream) is not None

    def show(text: str) -> None:
        nonlocal shown
        if terminal and text != shown:
            # Spaces take away what is left of a longer line.
            with suppress(OSError):
                stream.write(f"\r{text:<{len(shown)}}" + ("" if text else "\r"))
                stream.flush()
            shown = text

    try:
        yield lambda name, share: show(f"{name}: {share:4.0%}")
    finally:
        show("")


@click.command()
@click.option(
    "--jobs-a-day",
    type=Number(0, 5000),
    default=33,
    show_default=True,
    metavar="N",
    help="How many jobs are created a day.",
)
@click.option(
    "--lead",
    default="2m..3d",
    show_default=True,
    metavar="RANGE",
    help="How far ahead jobs are created.",
)
@click.option(
    "--profile",
    default="all",
    show_default=True,
    metavar=f"[{'|'.join(PROFILES)}]",
    help="One profile, none at all (cron), or all.",
)
@click.option(
    "--cron-kept",
    type=Number(0, 1),
    default=0.08,
    show_default=True,
    metavar="SHARE",
    help="The share of its slots (four an hour) at which GitHub's cron starts a run.",
)
@click.option(
    "--days",
    type=Number(0, MOST_DAYS, min_open=True),
    default=30,
    show_default=True,
    metavar="N",
    help="How long.",
)
@click.option(
    "--people",
    type=Number(0, 1),
    default=0,
    show_default=True,
    metavar="SHARE",
    help="The share of jobs that people or apps open, whose issues start a run.",
)
@click.option(
    "--where",
    default="public",
    show_default=True,
    metavar=f"[{'|'.join(WHERE)}]",
    help="What repository, or whose runners: which clocks there are.",
)
@click.option(
    "--lent",
    is_flag=True,
    help="A public repository of the same owner lends a private one its alarms.",
)
@click.option(
    "--clock",
    metavar="DURATION",
    help="A clock outside of GitHub that pings this often: 5m.",
)
@click.option(
    "--rides",
    type=Number(0, 5000),
    default=0,
    show_default=True,
    metavar="N",
    help="Pushes and other workflows' runs that wake the scheduler, a day.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Another seed, another month.",
)
@JSON
def simulate(
    *,
    jobs_a_day: float,
    lead: str,
    profile: str,
    cron_kept: float,
    days: float,
    people: float,
    where: str,
    lent: bool,
    clock: str | None,
    rides: float,
    seed: int,
    as_json: bool,
) -> None:
    """Play a month of each profile against a model of GitHub."""
    from scheduler.simulation.play import play, profiles
    from scheduler.simulation.scenario import Cron, Lead, Scenario, every

    names = profiles(profile)
    scenario = Scenario(
        profile=names[0],
        jobs_a_day=jobs_a_day,
        days=days,
        lead=Lead.read(lead),
        cron=Cron(kept=cron_kept),
        people=people,
        where=where,
        lent=lent,
        clock=every(clock) if clock is not None else 0.0,
        rides=rides,
        seed=seed,
    )
    with progress(sys.stderr) as showing:
        played = play(scenario, names, tell=showing)
    tell(played, as_json=as_json)
