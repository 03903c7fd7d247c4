"""What a workflow declares, and the inputs that a job may therefore give it.

GitHub checks inputs only when the dispatch is made, hours after the job was created; the
same checks made at creation tell the person who can still mend it.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onworkflow_dispatchinputs
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import MAX_PAYLOAD, OWN
from scheduler.job.model import Job
from scheduler.text import did_you_mean, refusal
from scheduler.times.instants import format_instant

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?")
#: The occurrence key in a `run-name`, as it is and under no condition.
SHOWN = re.compile(r"\$\{\{\s*(?:github\.event\.)?inputs\.schedule_id\s*\}\}")
#: A longer file is not read: it would keep the other jobs waiting.
MAX_CHARS = 100_000

#: What the scheduler itself passes, to a workflow that declares an input of that name.
OWN_INPUTS = ("agent", "message", *OWN)


@dataclass(frozen=True, kw_only=True)
class Input:
    """One declared ``workflow_dispatch`` input."""

    type: str = "string"
    required: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a workflow file says of itself.

    ``dispatchable`` is whether it has the ``workflow_dispatch`` trigger; ``readable`` is
    false of a file that could not be understood, of which nothing is then demanded.
    """

    dispatchable: bool = True
    inputs: Mapping[str, Input] = field(default_factory=dict)
    run_name: str = ""
    readable: bool = True

    @property
    def shows_key(self) -> bool:
        """Whether its runs carry the occurrence key in their title, whatever they are told."""
        return "schedule_id" in self.inputs and SHOWN.search(self.run_name) is not None


def declared(text: str) -> Declared:
    """What the workflow file ``text`` declares; never raises, whatever the file holds."""
    return _declared(text) if len(text) <= MAX_CHARS else Declared(readable=False)


@functools.lru_cache(maxsize=16)  # a tick that stays reads the same files again and again
def _declared(text: str) -> Declared:
    try:
        # BaseLoader: text stays text, and the key `on` is not the boolean that YAML 1.1 sees.
        root = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it builds only text
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        return Declared(readable=False)
    if not isinstance(root, dict):
        return Declared(readable=False)
    on = root.get("on")
    run_name = root.get("run-name")
    name = run_name if isinstance(run_name, str) else ""
    if isinstance(on, str):
        return Declared(dispatchable=on == "workflow_dispatch", run_name=name)
    if isinstance(on, list):
        return Declared(dispatchable="workflow_dispatch" in on, run_name=name)
    if not isinstance(on, dict):
        return Declared(readable=False)
    if "workflow_dispatch" not in on:
        return Declared(dispatchable=False)
    form = on["workflow_dispatch"]
    inputs = form.get("inputs") if isinstance(form, dict) else None
    found = inputs if isinstance(inputs, dict) else {}
    return Declared(inputs={str(k): _input(v) for k, v in found.items()}, run_name=name)


def _input(node: object) -> Input:
    if not isinstance(node, dict):
        return Input()
    # What is no text counts as not there: written out, one alias may be a million others.
    texts = {key: value for key, value in node.items() if isinstance(value, str)}
    options = node.get("options")
    listed = options if isinstance(options, list) else []
    return Input(
        type=texts.get("type") or "string",
        required=texts.get("required", "").lower() == "true",
        default=texts.get("default"),
        options=tuple(option for option in listed if isinstance(option, str)),
    )


def inputs_for(job: Job, found: Declared | None, *, key: str, requested_by: str) -> dict[str, str]:
    """The inputs (or the event's payload) that the dispatch of ``job`` carries.

    What the scheduler passes is added where the workflow declares it (an event gets all that
    there is). ``agent`` and ``message`` give way to a job's own inputs of those names: the first
    is then an address, and no word of who asked. Nothing replaces ``schedule_id``,
    ``scheduled_for`` and ``requested_by``. ``found`` is None of an event.
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
    # What was not said is left to the workflow's own default.
    wanted -= {name for name in wanted if not own[name] or name in said}
    told = {**{name: own[name] for name in OWN_INPUTS if name in wanted}, **given}
    if found is None and len(told) > MAX_PAYLOAD:
        del told["requested_by"]  # GitHub takes no more; `agent` is there then, and says the same
    return told


def check(
    job: Job, found: Declared | None, *, workflow: str, where: str, requested_by: str = ""
) -> None:
    """Refuse a job that GitHub would refuse when it fires.

    ``requested_by`` is who asks for it, as far as that is known before it is opened.

    Raises:
        InvalidJob: no such file (``found`` is None), no ``workflow_dispatch`` trigger, an
            input that is unknown, missing, or outside of its options.
    """
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
        fix = "add 'workflow_dispatch:' to its 'on:'"
        raise refusal("workflow", workflow, f"in {where} has no workflow_dispatch trigger", fix)
    who = requested_by or job.agent or "-"
    given = inputs_for(job, found, key="-", requested_by=who)
    for name, value in given.items():
        _check_value(name, value, found)
    for name, spec in found.inputs.items():
        if spec.required and not given.get(name) and spec.default is None:
            raise InvalidJob(
                f"inputs.{name}: is required by {workflow} and missing; "
                f"give it a value ({_advice(name)})"
            )


def _advice(name: str) -> str:
    return f"--{name} …" if name in ("agent", "message") else f"--input {name}=…"


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
