"""``schedule simulate``: plays a month of each profile against a model of GitHub."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, tell

#: More days take long, and tell nothing more.
MOST_DAYS = 366


@click.command()
@click.option("--jobs-a-day", type=click.FloatRange(0, 5000), default=33.0, metavar="N", help="33.")
@click.option(
    "--lead", default="2m..3d", metavar="RANGE", help="How far ahead jobs are created; 2m..3d."
)
@click.option("--profile", default="all", metavar="NAME", help="One profile, cron, or all.")
@click.option(
    "--cron-kept",
    type=click.FloatRange(0, 1),
    default=0.08,
    metavar="SHARE",
    help="The share of its slots (four an hour) at which GitHub's cron starts a run; 0.08.",
)
@click.option(
    "--days", type=click.FloatRange(0, MOST_DAYS, min_open=True), default=30.0, metavar="N",
    help="How long; 30.",
)  # fmt: skip
@click.option(
    "--people",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="The share of jobs that people or apps open, whose issues start a run; 0.",
)
@click.option("--seed", type=int, default=1, metavar="N", help="Another seed, another month; 1.")
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
