"""Opens the job in an event: the fields of the form, or a program's payload."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from scheduler.commands.answer import Created
from scheduler.commands.create import create
from scheduler.commands.job_of import start_of, timed
from scheduler.commands.request import Medium, Request, from_mapping
from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.errors import Refused, UsageError
from scheduler.job.keys import IN_REQUEST

#: A job may be due before the run that carries it begins; older times are a mistake.
TRANSIT = timedelta(hours=1)


def enqueue(environment: Environment) -> Created:
    """Open the job in the event of this run, for whoever sent that.

    Raises:
        UsageError, InvalidJob: as ``carried``.
        Refused: its time is past, or as ``create``.
    """
    request = carried(environment)
    # The run that carries a job is not the run that asks for it: nothing is inherited.
    outside = replace(environment, in_actions=False, workflow=None, event={})
    connection = connect(outside)
    now, zone = connection.clock.now(), connection.settings.defaults.timezone
    with request.naming():
        request = timed(request, now=now, zone=zone)
        run_at = start_of(request, now=now, zone=zone)
        if now - run_at > TRANSIT:
            raise Refused(f"run-at: {request.get('run-at')!r} is past; write a time to come")
        return create(request, connection, senders=environment.senders)


def carried(environment: Environment) -> Request:
    """The creation request in the event of this run: the form's fields, or the payload.

    Its request id is the run's, so that a run that is run again opens no second job.

    Raises:
        UsageError: the run was started by an event that carries none.
        InvalidJob: a key is unknown or a value is no text.
    """
    base = Request(
        texts={"request-id": f"run-{environment.run_id or secrets.token_hex(8)}"},
        allow_past=True,
        nudge=False,  # a tick follows in the same run
        carried=True,
    )
    if environment.event_name == "repository_dispatch":
        # A program's payload; what it says is to mean the same to everyone.
        return from_mapping(environment.event.get("client_payload"), replace(base, words=False))
    if environment.event_name == "workflow_dispatch":
        fields: dict[str, Any] = dict(environment.event.get("inputs") or {})
        # The form has an input of this name for the one purpose; others are the caller's own.
        known = {name: fields.get(name) for name, key in IN_REQUEST.items() if key.in_form}
        request = from_mapping(known, replace(base, medium=Medium.FORM))
        return request.saying(agent=request.get("agent") or environment.actor)
    raise UsageError(
        f"command: 'enqueue' finds no job in a {environment.event_name!r} event; start it by "
        "workflow_dispatch or repository_dispatch"
    )
