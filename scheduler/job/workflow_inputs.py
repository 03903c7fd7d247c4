"""The inputs of a job's dispatch, checked as GitHub checks them.

GitHub checks them only when the dispatch is made, hours after the job was created. The same checks
at creation reach the person who can still mend the job.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onworkflow_dispatchinputs
"""

from __future__ import annotations

import re
from collections.abc import Callable

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import MAX_PAYLOAD, OWN, check_size
from scheduler.job.model import Job
from scheduler.job.workflow_file import Declared
from scheduler.text import did_you_mean, refusal
from scheduler.times.instants import format_instant

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?")
#: A text as long as the longest occurrence key; the key itself is known once the job is opened.
LONGEST_KEY = "-" * 200

#: What is said of a dispatch that left out what its job says.
UNREAD = "its file could not be read"
NO_MESSAGE = "the workflow declares no input 'message'; not handed over: message"

#: The inputs that a job's own words are, beside ``inputs``.
SAID = ("agent", "message")
#: The inputs that the scheduler adds, if the workflow declares them.
OWN_INPUTS = (*SAID, *OWN)


def inputs_for(job: Job, found: Declared | None, *, key: str, requested_by: str) -> dict[str, str]:
    """The inputs (or the event's payload) of the job's dispatch.

    The scheduler adds its own inputs where the workflow declares them; an event gets all of them. A
    job's own ``agent`` and ``message`` go before the scheduler's; its own ``schedule_id``,
    ``scheduled_for`` and ``requested_by`` never do. ``found`` is None of an event.
    """
    own = {
        "agent": job.agent or "",
        "message": job.message,
        "schedule_id": key,
        "scheduled_for": format_instant(job.run_at),
        "requested_by": requested_by,
    }
    given = {name: text for name, text in job.inputs.items() if name.lower() not in OWN}
    said = {name.lower() for name in given}
    wanted = set(own) if found is None else set(own) & set(found.inputs)
    # An input without a value is left to the workflow's own default.
    wanted -= {name for name in wanted if not own[name] or name in said}
    told = {**{name: own[name] for name in OWN_INPUTS if name in wanted}, **given}
    if found is None and len(told) > MAX_PAYLOAD:
        del told["requested_by"]  # GitHub takes no more; `agent` is there then, and says the same
    return told


def not_handed_over(job: Job, found: Declared | None) -> str:
    """Which of a job's own words its run is not told, and why, in one line; empty: none.

    Its ``agent`` only where nothing is known of the workflow: others know it as ``requested_by``,
    or ask for neither. ``found`` is None of an event, which is told everything.
    """
    if found is None:
        return ""
    said = {name.lower() for name in job.inputs}
    own = {"message": job.message.strip(), "agent": job.agent}
    left = [name for name, text in own.items() if text and name not in (*said, *found.inputs)]
    if not found.readable:
        return f"{UNREAD}; not handed over: {', '.join(left)}" if left else ""
    return NO_MESSAGE if "message" in left else ""


def said_otherwise(job: Job) -> bool:
    """Whether a job's message is not told to its run because an input of that name differs.

    Another ``agent`` is meant: a job of one may ask for another.
    """
    message = job.message.strip()
    said = {name.lower(): text.strip() for name, text in job.inputs.items()}
    return bool(message) and said.get("message", message) != message


def by_option(name: str) -> str:
    """How an input gets its value on the command line."""
    return f"give it a value ({f'--{name} …' if name in SAID else f'--input {name}=…'})"


def in_issue(name: str) -> str:
    """How an input gets its value in the text of a job's issue."""
    if name == "message":
        return "write the message below the issue's front matter"
    if name == "agent":
        return "add 'agent: …' to the issue's front matter"
    return f"add '{name}: …' below 'inputs:' in the issue's front matter"


def check(
    job: Job,
    found: Declared | None,
    *,
    workflow: str | None,
    where: str,
    requested_by: str = "",
    fix: Callable[[str], str] = by_option,
) -> None:
    """Check that GitHub would take the job's dispatch.

    ``workflow`` is None of an event. ``requested_by`` is who asks for it, as far as that is known
    before the job is opened, ``fix`` how its author gives an input that is missing.

    Raises:
        InvalidJob: no such file (``found`` is None), no ``workflow_dispatch`` trigger, an input
            that is unknown, missing, or outside of its options; or inputs too large together.
    """
    who = requested_by or job.agent or "-"
    if workflow is None:
        check_size(inputs_for(job, None, key=LONGEST_KEY, requested_by=who))
        return
    if found is None:
        raise refusal(
            "workflow",
            workflow,
            f"is not in .github/workflows/ of {where}",
            "write the name of a file that is on that branch",
        )
    if not found.readable:
        return
    if not found.dispatchable:
        add = "add 'workflow_dispatch:' to its 'on:'"
        raise refusal("workflow", workflow, f"in {where} has no workflow_dispatch trigger", add)
    given = inputs_for(job, found, key=LONGEST_KEY, requested_by=who)
    for name, value in given.items():
        _check_value(name, value, found)
    check_size(given)
    for name, spec in found.inputs.items():
        if spec.required and not given.get(name) and spec.default is None:
            raise InvalidJob(f"inputs.{name}: is required by {workflow} and missing; {fix(name)}")


def _check_value(name: str, value: str, found: Declared) -> None:
    spec = found.inputs.get(name)
    if spec is None:
        fix = did_you_mean(name, found.inputs, _known(found))
        raise refusal("inputs", name, "is not an input of the workflow", fix)
    if spec.type == "choice" and spec.options and value not in spec.options:
        raise refusal(
            f"inputs.{name}", value, "is not one of its options", "use " + ", ".join(spec.options)
        )
    if spec.type == "boolean" and value not in ("true", "false"):
        raise refusal(f"inputs.{name}", value, "is not a boolean", "use true or false")
    if spec.type == "number" and not _is_number(value):
        raise refusal(f"inputs.{name}", value, "is not a number", "write one such as 3")


def _is_number(value: str) -> bool:
    return NUMBER.fullmatch(value) is not None


def _known(found: Declared) -> str:
    if not found.inputs:
        return "it declares no inputs; remove it"
    return "it declares " + ", ".join(found.inputs)
