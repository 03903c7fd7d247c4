"""The texts that `schedule init` writes: whole, valid, and of one source with what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from scheduler.commands import init_files
from scheduler.job import frontmatter
from scheduler.job.workflow_file import declared
from scheduler.sandbox.command import SAMPLE
from scheduler.sandbox.demo.stage import PUBLISHED
from scheduler.settings import file

ROOT = Path(__file__).resolve().parents[2]
OWN = (ROOT / ".github" / "workflows" / "scheduler.yml").read_text(encoding="utf-8")


def test_the_workflow_names_the_action_and_checks_nothing_out() -> None:
    text = init_files.workflow("acme/clock@v1 # x")
    assert text.count("- uses: acme/clock@v1 # x\n") == 2
    assert "checkout" not in text
    assert text.startswith("name: scheduler\n")


def test_an_action_of_the_repository_itself_is_checked_out_by_its_pinned_commit() -> None:
    text = init_files.workflow(init_files.LOCAL)
    assert text.count(f"- uses: {init_files.LOCAL}\n") == 2
    (pinned,) = set(re.findall(r"uses: (actions/checkout@.*)", text))
    assert f"uses: {pinned}\n" in OWN
    assert text == OWN[OWN.index("name: ") :].replace("uses: ./\n", f"uses: {init_files.LOCAL}\n")


def test_the_sandbox_s_sample_is_what_init_writes() -> None:
    workflows = SAMPLE / ".github" / "workflows"
    own = {name: (workflows / name).read_text(encoding="utf-8") for name in
           ("scheduler.yml", "agent-message.yml")}  # fmt: skip
    assert own["scheduler.yml"] == init_files.workflow(PUBLISHED)
    assert own["agent-message.yml"] == init_files.target()


def test_the_settings_say_what_was_chosen_and_else_what_the_readme_shows() -> None:
    chosen = file.parse(init_files.settings(["a.yml", 'b "c".yml'], role="admin", timezone="UTC"))
    assert chosen.allow.workflows == ("a.yml", 'b "c".yml')
    assert (chosen.trust.role, chosen.defaults.timezone) == ("admin", "UTC")
    assert chosen.defaults.max_attempts == 5
    shown = file.parse(init_files.settings())
    assert (shown.allow.workflows, shown.trust.role) == (("agent-*.yml",), "write")
    assert shown.trust.bots == chosen.trust.bots == ("github-actions[bot]",)


def test_the_target_is_told_what_a_job_says_and_its_runs_are_recognised() -> None:
    found = declared(init_files.target())
    assert found.dispatchable
    assert found.shows_key
    assert {"message", "agent", "schedule_id"} <= set(found.inputs)


def test_the_form_is_a_job_as_github_opens_it() -> None:
    _, head, body = init_files.form("nightly.yml").split("---\n", 2)
    assert yaml.safe_load(head)["labels"] == ["schedule"]
    job = frontmatter.parse(body)
    assert job.workflow == "nightly.yml"
    assert job.message == "What the workflow is to be told\n"


def test_the_skill_keeps_to_its_format() -> None:
    """https://agentskills.io/specification"""
    text = init_files.skill("run.yml", "pip install x\nsecond")
    _, head, body = text.split("---\n", 2)
    said = yaml.safe_load(head)
    assert said["name"] == Path(init_files.SKILL).parent.name
    assert 0 < len(said["description"]) <= 1024
    assert len(text.splitlines()) < 500
    assert "   pip install x\n   second\n" in body
    assert "--workflow run.yml " in body


@pytest.mark.parametrize("uses", ["acme/clock@v1", init_files.LOCAL])
def test_what_agents_are_told_has_no_gap(uses: str) -> None:
    install = init_files.installing(uses, "https://github.com")
    command = init_files.running(uses, "https://github.com")
    texts = [init_files.agents("run.yml", install), init_files.task(command)]
    for text in (*texts, init_files.skill("run.yml", install)):
        assert not re.search("INSTALL|WORKFLOW|COMMAND|OWNER", text)
    assert ("git+https://github.com/acme/clock@v1" in install) == (uses != init_files.LOCAL)
    assert texts[1].startswith("#!/usr/bin/env bash\n#MISE description=")


def test_another_label_stands_wherever_the_queue_s_does() -> None:
    text = init_files.workflow("acme/clock@v1", "it's")
    assert text.count("'it''s'") == 6
    assert text.count("'schedule'") == 1, "the name of an event"
    assert file.parse(init_files.settings(["a.yml"], label='a "b": c')).label == 'a "b": c'
    head = init_files.form("a.yml", 'a "b": c').split("---\n")[1]
    assert yaml.safe_load(head)["labels"] == ['a "b": c']
