"""``schedule simulate``: plays a month of each profile against a model of GitHub."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, show
from scheduler.errors import UsageError

#: More than these take long, and tell nothing more.
MOST_JOBS, MOST_DAYS = 20_000, 366


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
    from scheduler.simulation.figures import table
    from scheduler.simulation.month import Month
    from scheduler.simulation.scenario import NAMES, Cron, Lead, Scenario

    if jobs_a_day * days > MOST_JOBS:
        raise UsageError(
            f"--jobs-a-day: {jobs_a_day:g} for {days:g} days are more than {MOST_JOBS:,} jobs; "
            "take fewer, or --days 7"
        )
    wanted = [
        Scenario(
            profile=name,
            jobs_a_day=jobs_a_day,
            days=days,
            lead=Lead.read(lead),
            cron=Cron(kept=cron_kept),
            people=people,
            seed=seed,
        )
        for name in (NAMES if profile == "all" else (profile,))
    ]
    months = [Month(each).play() for each in wanted]
    data = {**wanted[0].as_json(), "profiles": [month.as_json() for month in months]}
    show(data, as_json, table(months))
