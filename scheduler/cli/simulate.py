"""``schedule simulate``: plays a month of each profile against a model of GitHub."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, tell

#: More days take long, and tell nothing more.
MOST_DAYS = 366
#: What can be played; ``cron`` is a scheduler that only GitHub's cron starts.
PROFILES = ("thrifty", "balanced", "punctual", "cron", "all")


@click.command()
@click.option(
    "--jobs-a-day",
    type=click.FloatRange(0, 5000),
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
    type=click.FloatRange(0, 1),
    default=0.08,
    show_default=True,
    metavar="SHARE",
    help="The share of its slots (four an hour) at which GitHub's cron starts a run.",
)
@click.option(
    "--days",
    type=click.FloatRange(0, MOST_DAYS, min_open=True),
    default=30,
    show_default=True,
    metavar="N",
    help="How long.",
)
@click.option(
    "--people",
    type=click.FloatRange(0, 1),
    default=0,
    show_default=True,
    metavar="SHARE",
    help="The share of jobs that people or apps open, whose issues start a run.",
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
    seed: int,
    as_json: bool,
) -> None:
    """Play a month of each profile against a model of GitHub."""
    from scheduler.simulation.play import play, profiles
    from scheduler.simulation.scenario import Cron, Lead, Scenario

    names = profiles(profile)
    scenario = Scenario(
        profile=names[0],
        jobs_a_day=jobs_a_day,
        days=days,
        lead=Lead.read(lead),
        cron=Cron(kept=cron_kept),
        people=people,
        seed=seed,
    )
    tell(play(scenario, names), as_json=as_json)
