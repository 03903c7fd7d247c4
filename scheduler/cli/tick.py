"""``schedule tick``: one pass, and the stay after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scheduler.cli.group import JSON, QUEUE, connected, tell
from scheduler.errors import UsageError

if TYPE_CHECKING:
    from scheduler.tick.report import TickReport

#: How often a holder looks around, if it is not told; as it is written.
POLL = "20s"


@click.command(short_help="Do one pass over the queue; the action runs this.")
@click.option(
    "--hold",
    metavar="DURATION",
    help="Stay so long after the pass: 10m, 5h.  [default: 0s]",
)
@click.option("--poll", metavar="DURATION", help=f"Look around so often.  [default: {POLL}]")
@click.option("--relay", is_flag=True, help="Start the next holder as this one begins to wait.")
@click.option(
    "--as-scheduler", "insists", is_flag=True, help="Tick though another account keeps the records."
)
@JSON
@QUEUE
def tick(
    queue: str | None,
    *,
    as_json: bool,
    hold: str | None,
    poll: str | None,
    relay: bool,
    insists: bool,
) -> None:
    """Do one pass over the queue, and stay if told; what the action runs."""
    if hold is None and (poll is not None or relay):
        option = "--relay" if relay else "--poll"
        raise UsageError(f"tick: {option} goes with --hold; add --hold 10m, or leave it out")
    if hold is None:
        from scheduler.commands.tick import tick_once

        _told(tick_once(connected(queue), insists=insists), as_json=as_json)
        return
    from scheduler.hold.signals import Overtime, leaving, unbegun

    with leaving() as leave:
        try:
            from scheduler.commands.tick import hold_of, tick_and_hold

            wanted = hold_of(hold, POLL if poll is None else poll, relay=relay, option="--")
            report = tick_and_hold(connected(queue), wanted, leave, insists=insists)
        except Overtime:
            report = unbegun()
        leave.arrived()
        _told(report, as_json=as_json)


def _told(report: TickReport, *, as_json: bool) -> None:
    tell(report, as_json=as_json)
    if report.error is not None:
        raise report.error
