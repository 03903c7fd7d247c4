"""What the settings permit; and what holds without a file."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.settings.model import (
    CLAIM_VALIDITY,
    IN_FLIGHT,
    LEAST_RECOVERY,
    ROLES,
    Allow,
    Limits,
    Settings,
    Trust,
)


@pytest.mark.parametrize(
    ("globs", "name", "expected"),
    [
        (None, "any.yml", True),
        ((), "any.yml", False),
        (("agent-*.yml",), "agent-7.yml", True),
        (("agent-*.yml",), "Agent-7.yml", False),
        (("agent-*.yml",), "agent-/x.yml", False),
        (("*",), "../x.yml", False),
        (("run.yml",), "run.yml", True),
        (("run.yml",), "rerun.yml", False),
        (("run.yml",), "run.yml\n", False),
        (("[ab].y?ml",), "b.yml", False),
        (("[ab].y*ml",), "b.yaml", True),
    ],
)
def test_allowed_workflows(globs: tuple[str, ...] | None, name: str, *, expected: bool) -> None:
    assert Allow(workflows=globs).permits_workflow(name) is expected


def test_allowed_events_and_repositories() -> None:
    allow = Allow(events=("deploy-*",), repositories=("Octo/*", "*/website"))
    assert allow.permits_event("deploy-now")
    assert not allow.permits_event("deploy-a/b")
    assert Allow().permits_event("deploy-now")
    assert not Allow(events=()).permits_event("deploy-now")
    assert allow.permits_repository("octo/Anything")
    assert allow.permits_repository("ELSE/Website")
    assert allow.permits_repository("else/website")
    assert not allow.permits_repository("else/other")
    assert not allow.permits_repository("a/b/website")
    assert not Allow().permits_repository("octo/x")


@pytest.mark.parametrize(
    ("globs", "ref", "expected"),
    [
        (None, "anything", True),
        ((), "main", False),
        (("main",), "main", True),
        (("main",), "refs/heads/main", True),
        (("v*",), "refs/tags/v1", True),
        (("refs/heads/main",), "refs/heads/main", True),
        (("refs/heads/main",), "main", False),
        (("release/*",), "release/1", True),
        (("release/*",), "release/1/2", False),
        (("*",), "feature/x", False),
    ],
)
def test_allowed_refs(globs: tuple[str, ...] | None, ref: str, *, expected: bool) -> None:
    assert Allow(refs=globs).permits_ref(ref) is expected


def test_a_claim_is_abandoned_only_when_its_run_would_show() -> None:
    assert CLAIM_VALIDITY + IN_FLIGHT < LEAST_RECOVERY <= Limits().recover_after


def test_without_a_file_people_who_write_may_schedule_and_bots_may_not() -> None:
    settings = Settings()
    assert settings.trust == Trust(role="write", bots=(), labelled=False)
    assert ROLES.index("write") > ROLES.index("triage")
    assert settings.allow.permits_workflow("any.yml")
    assert not settings.allow.permits_repository("octo/other")
    assert (settings.defaults.deadline, settings.paused) == (None, False)
    assert settings.limits.shortest_interval == timedelta(minutes=5)
