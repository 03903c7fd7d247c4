"""What `schedule init` makes of a repository and of what was chosen, without touching either."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.commands import init
from scheduler.commands.init import Choices, Clone
from scheduler.commands.init_files import (
    AGENTS,
    LABEL_COLOUR,
    LABEL_TEXT,
    SKILL,
    TARGET,
    TASK,
    WORKFLOW,
)
from scheduler.commands.init_plan import Does
from scheduler.commands.init_source import named
from scheduler.errors import SchedulerError, SettingsError
from scheduler.settings import file

WORKFLOWS = {
    "agent.yml": "on:\n  workflow_dispatch:\n    inputs: {message: {}}\n",
    "broken.yml": "on: [\n",
    "nightly.yml": "on: workflow_dispatch\n",
    "push.yml": "on: push\n",
    "scheduler.yml": "on: workflow_dispatch\n",
}
EMPTY = Clone(files={}, workflows={})
CLONE = Clone(files={}, workflows=WORKFLOWS)
CHOICES = Choices(source=named("acme/clock@v1"), workflows=("agent.yml",))


def test_what_can_be_dispatched_is_told_from_what_was_written_for_it() -> None:
    assert init.could(WORKFLOWS) == ["agent.yml", "nightly.yml"]
    assert init.meant(WORKFLOWS) == ["agent.yml"]


def test_where_nothing_may_be_scheduled_a_workflow_for_it_is_written() -> None:
    found = init.defaults(EMPTY)
    assert found.workflows == ("agent-message.yml",)
    assert found.extras == {"agent-message"}
    assert init.defaults(CLONE).workflows == ("agent.yml",)
    assert init.defaults(CLONE).extras == frozenset()


def test_what_was_chosen_before_holds_on() -> None:
    chosen = replace(
        CHOICES, workflows=("nightly.yml",), role="admin", timezone="Europe/Berlin",
        extras=frozenset({"skill", "agents-md"}),
    )  # fmt: skip
    files = {step.path: step.after or "" for step in init.plan(chosen, CLONE)}
    again = init.defaults(replace(CLONE, files=files))
    assert replace(again, source=chosen.source) == chosen
    assert again.source == chosen.source
    assert {step.does for step in init.plan(again, replace(CLONE, files=files))} == {Does.UNCHANGED}


def test_settings_without_a_list_allow_all_that_can_be_dispatched() -> None:
    clone = replace(CLONE, files={file.PATH: "paused: true\n"})
    assert init.defaults(clone).workflows == ("agent.yml", "nightly.yml")


def test_the_label_is_that_of_the_settings() -> None:
    clone = replace(CLONE, files={file.PATH: "label: later\n"})
    chosen = replace(init.defaults(clone), source=CHOICES.source)
    steps = init.plan(chosen, clone)
    assert "labels.*.name, 'later')" in (steps[0].after or "")
    assert file.parse(steps[1].after or "").label == "later"
    assert any("gh label create later " in each for each in init.left(chosen, clone, steps))


def test_settings_that_can_not_be_read_stop_it_unless_they_are_replaced() -> None:
    clone = replace(CLONE, files={file.PATH: "alow: {}\n"})
    with pytest.raises(SettingsError, match="did you mean 'allow'"):
        init.defaults(clone)
    assert init.defaults(clone, settings=False).workflows == ("agent.yml",)


def test_a_person_s_settings_stay_where_no_flag_is_about_them() -> None:
    clone = replace(CLONE, files={file.PATH: 'allow: {workflows: ["agent.yml"]}\n'})
    changed = replace(CHOICES, role="admin")
    for chosen, does in ((CHOICES, Does.KEPT), (changed, Does.UPDATED)):
        steps = init.own_settings(init.plan(chosen, clone), chosen, clone)
        assert steps[1].does is does
    steps = init.own_settings(init.plan(CHOICES, clone), CHOICES, clone)
    assert {step.path: step.does for step in steps} == {
        WORKFLOW: Does.CREATED,
        file.PATH: Does.KEPT,
    }


#: What is chosen against; words of the one line.
WRONG = {
    "no such workflow": ({"workflows": ("nightli.yml",)}, "did you mean 'nightly.yml'?"),
    "not dispatchable": ({"workflows": ("push.yml",)}, "can't be dispatched; add"),
    "the scheduler": ({"workflows": ("scheduler.yml",)}, "can't be dispatched"),
    "nothing": ({"workflows": ()}, "--with agent-message"),
    "a path": ({"workflows": ("a/b*.yml",)}, "matches no workflow file's name"),
    "role": ({"role": "owner"}, "--role: 'owner' is not a role; write triage"),
    "zone": ({"timezone": "Europe/Berlim"}, "did you mean Europe/Berlin?"),
    "extra": ({"extras": frozenset({"skil"})}, "--with: 'skil' can't be written; did you mean"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_can_not_be_chosen_is_one_line(case: tuple[dict[str, object], str]) -> None:
    changes, words = case
    with pytest.raises(SchedulerError) as refused:
        init.checked(replace(CHOICES, **changes), CLONE)  # type: ignore[arg-type]
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_pattern_and_a_workflow_that_is_yet_to_be_written_can_be_chosen() -> None:
    for changes in (
        {"workflows": ("deploy-*.yml",)},
        {"workflows": ("agent-message.yml",), "extras": frozenset({"agent-message"})},
    ):
        chosen = replace(CHOICES, **changes)
        assert init.checked(chosen, CLONE) == chosen


def test_the_files_are_those_that_were_asked_for() -> None:
    every = replace(CHOICES, extras=frozenset(init.EXTRAS))
    found = {each.path: each for each in init.wanted(every)}
    assert {WORKFLOW, file.PATH, TARGET, AGENTS, SKILL, TASK} < {*found}
    assert [path for path, each in found.items() if each.executable] == [TASK]
    assert [each.path for each in init.wanted(CHOICES)] == [WORKFLOW, file.PATH]
    vendored = {each.path for each in init.wanted(replace(CHOICES, source=None))}
    assert ".github/actions/schedule/action.yml" in vendored
    assert {*init.paths(None, "1", vendor=True)} >= vendored | {*found}


ADD = "git add --all -- .github/workflows/scheduler.yml .github/scheduler.yml"
COMMIT = "git commit -m 'Schedule workflows by issues'"
LABEL = f"gh label create schedule --color {LABEL_COLOUR} --description '{LABEL_TEXT}'"
FIRST = "schedule --in 10m --workflow agent.yml --message Hello"
TOKEN = 'export GITHUB_TOKEN="$(gh auth token)" GITHUB_REPOSITORY='
#: The clone; what is left to do in it.
LEFT = {
    "on the default branch": (
        {"repository": "o/n", "branch": "main", "default_branch": "main"},
        [ADD, COMMIT, "git push -u origin main", LABEL, f"{TOKEN}o/n", FIRST],
    ),
    "on another branch": (
        {"repository": "o/n", "branch": "setup", "default_branch": "main"},
        [ADD, COMMIT, "git push -u origin setup", "gh pr create --base main --fill", LABEL,
         f"{TOKEN}o/n", FIRST],
    ),
    "nowhere yet": (
        {}, [ADD, COMMIT, "gh repo create --source . --push", LABEL, f"{TOKEN}OWNER/NAME", FIRST]
    ),
    "nowhere yet, without gh": (
        {"gh": False},
        [ADD, COMMIT, "git remote add origin https://github.com/OWNER/NAME.git",
         "git push -u origin main", "export GITHUB_TOKEN=… GITHUB_REPOSITORY=OWNER/NAME", FIRST],
    ),
    "on another branch, without gh": (
        {"gh": False, "repository": "o/n", "branch": "setup", "default_branch": "main"},
        [ADD, COMMIT, "git push -u origin setup",
         "export GITHUB_TOKEN=… GITHUB_REPOSITORY=o/n", FIRST],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LEFT.values(), ids=LEFT)
def test_what_is_left_is_commands(case: tuple[dict[str, object], list[str]]) -> None:
    clone = replace(CLONE, **case[0])  # type: ignore[arg-type]
    assert init.left(CHOICES, clone, init.plan(CHOICES, clone)) == case[1]


def test_where_nothing_was_written_there_is_nothing_to_push() -> None:
    clone = replace(CLONE, repository="o/n")
    assert init.left(CHOICES, clone, []) == [f"{TOKEN}o/n", FIRST]
    alarmed = replace(CHOICES, extras=frozenset({"alarm"}))
    assert "schedule clock install alarm" in init.left(alarmed, CLONE, [])


def test_the_answer_names_what_may_not_be_scheduled_and_folds_the_action() -> None:
    chosen = replace(CHOICES, source=None, version="1")
    done = init.done("/r", chosen, CLONE, init.plan(chosen, CLONE), dry_run=False)
    text = done.text()
    assert "  created  .github/actions/schedule\n" in text
    assert "may not, until --workflow names it: nightly.yml\n" in text
    data = done.as_json()
    assert data["uses"] == "./.github/actions/schedule"
    assert {"path": file.PATH, "does": "created"} in data["files"]
    assert data["left"][0].endswith(" .github/scheduler.yml .github/actions/schedule")
