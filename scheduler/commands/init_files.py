"""The texts that ``schedule init`` writes, filled in from the package's own data.

``scheduler/docs/init/`` holds them. Four of its files are links to what this repository itself
runs, shows or serves in the sandbox, so there is one source of each; a wheel holds copies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.resources import files

#: Where each file stands in the user's repository.
WORKFLOW = ".github/workflows/scheduler.yml"
TARGET = ".github/workflows/agent-message.yml"
FORM = ".github/ISSUE_TEMPLATE/schedule.md"
AGENTS = "AGENTS.md"
SKILL = ".agents/skills/schedule/SKILL.md"
TASK = ".mise/tasks/schedule"
#: The folder of an action that is part of the user's repository.
VENDORED = ".github/actions/schedule"
#: What ``uses:`` says of that folder.
LOCAL = f"./{VENDORED}"

#: The queue's label as it is made by hand. Its description leaves room for what the scheduler
#: writes behind it.
LABEL_COLOUR, LABEL_TEXT = "1d76db", "A job: a workflow that runs later. Close it to cancel."

_CHECKOUT = re.compile(
    r"      - uses: actions/checkout@.*\n        with:\n          persist-credentials: false\n"
)
_USES = re.compile(r"uses: \./$", re.MULTILINE)
#: The label in the conditions; in others the same word is the name of an event.
_LABEL = re.compile(
    r"(?<=labels\.\*\.name, )'schedule'|(?<=label\.name \|\| )'schedule'"
    r"|(?<='schedule', )'schedule'"
)
_ROLE = re.compile(r"^  role: write$", re.MULTILINE)
_ALLOWED = re.compile(r"^  workflows: \[.*\]$", re.MULTILINE)
_DEFAULTS = re.compile(r"^defaults:$", re.MULTILINE)


def template(name: str) -> str:
    """A file of ``scheduler/docs/init/``."""
    place = files("scheduler").joinpath("docs").joinpath("init").joinpath(name)
    return place.read_text(encoding="utf-8")


def workflow(uses: str, label: str = "schedule") -> str:
    """The scheduler's workflow, with the action at ``uses``, for issues with this label.

    That is ``owner/name@ref``, or a path in the repository, which is then checked out first.
    """
    text = template("scheduler.yml")
    text = text[text.index("name: scheduler") :]
    if not uses.startswith("./"):
        text = _CHECKOUT.sub("", text)
    if label != "schedule":
        quoted = label.replace("'", "''")
        text = _LABEL.sub(lambda _: f"'{quoted}'", text)
    return _USES.sub(lambda _: f"uses: {uses}", text)


def settings(
    workflows: Sequence[str] | None = None,
    *,
    role: str = "write",
    timezone: str | None = None,
    label: str = "schedule",
) -> str:
    """The settings; without ``workflows`` those that the README shows."""
    text = template("settings.yml").partition("\n\n")[2]
    text = _ROLE.sub(lambda _: f"  role: {role}", text)
    if workflows is not None:
        named = json.dumps([*workflows], ensure_ascii=False)
        text = _ALLOWED.sub(lambda _: f"  workflows: {named}", text)
    if timezone:
        text = _DEFAULTS.sub(lambda found: f"{found[0]}\n  timezone: {timezone}", text)
    if label != "schedule":
        text = f"label: {json.dumps(label, ensure_ascii=False)}\n\n{text}"
    return text


def target() -> str:
    """A workflow that can be scheduled as it stands."""
    return template("agent-message.yml")


def form(target_name: str, label: str = "schedule") -> str:
    """GitHub's template of an issue that is a job.

    A form of fields would not do: GitHub writes a heading over each, and a job begins with its
    front matter.
    """
    text = template("issue-form.md").replace("agent-message.yml", target_name)
    return text.replace('["schedule"]', json.dumps([label], ensure_ascii=False))


def agents(target_name: str, install: str) -> str:
    """What agents are told in ``AGENTS.md``."""
    return template("agents.md").replace("WORKFLOW", target_name).replace("INSTALL", install)


def skill(target_name: str, install: str) -> str:
    """The same as a skill: https://agentskills.io/specification."""
    within = install.replace("\n", "\n   ")  # a step of a list
    return template("skill.md").replace("WORKFLOW", target_name).replace("INSTALL", within)


def task(command: str) -> str:
    """The script of ``mise run schedule``: https://mise.jdx.dev/tasks/file-tasks.html."""
    return template("mise.sh").replace("COMMAND", command)


def installing(uses: str, server: str) -> str:
    """The lines of a shell after which ``schedule`` can be called."""
    if not uses.startswith("./"):
        return f'pip install "{_address(uses, server)}"'
    return (
        f"pip install -r {VENDORED}/scheduler/requirements.lock\n"
        f'schedule() {{ PYTHONPATH={VENDORED} python3 -m scheduler "$@"; }}'
    )


def running(uses: str, server: str) -> str:
    """The command that runs ``schedule`` with uv, where nothing is installed."""
    if not uses.startswith("./"):
        return f"uvx --from '{_address(uses, server)}' schedule"
    lock = f"{VENDORED}/scheduler/requirements.lock"
    python = f"uv run --no-project --with-requirements {lock} python"
    return f"env PYTHONPATH={VENDORED} {python} -m scheduler"


def _address(uses: str, server: str) -> str:
    return f"git+{server}/{uses}"
