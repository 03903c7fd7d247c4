"""The request that an event carries."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.commands.enqueue import carried
from scheduler.environment import Environment
from scheduler.errors import InvalidJob, UsageError


def run(name: str, **event: Any) -> Environment:
    return Environment(
        in_actions=True, run_id="99", actor="octocat", event_name=name, event=event
    )  # fmt: skip


def test_the_form_is_a_person_s_words_in_their_own_name() -> None:
    fields = {"run-at": "tomorrow 9am", "workflow": "", "message": "m", "agent": "", "own": "x"}
    request = carried(run("workflow_dispatch", inputs=fields))
    assert request.texts == {
        "request-id": "run-99", "run-at": "tomorrow 9am", "message": "m", "agent": "octocat",
    }  # fmt: skip
    assert (request.words, request.allow_past, request.nudge) == (True, True, False)


def test_a_payload_is_a_program_s_and_means_the_same_to_everyone() -> None:
    payload = {"run_at": "2026-11-23T09:00Z", "inputs": {"a": "b"}, "agent": "probe"}
    request = carried(run("repository_dispatch", client_payload=payload))
    assert request.texts == {
        "request-id": "run-99", "run-at": "2026-11-23T09:00Z", "agent": "probe",
    }  # fmt: skip
    assert (request.words, dict(request.inputs)) == (False, {"a": "b"})


def test_a_request_id_of_its_own_goes_before_the_run_s() -> None:
    payload = {"in": "1h", "request_id": "mine"}
    assert carried(run("repository_dispatch", client_payload=payload)).get("request-id") == "mine"


@pytest.mark.parametrize("name", ["push", "schedule", ""])
def test_an_event_that_carries_none_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=f"finds no job in a {name!r} event"):
        carried(run(name))


@pytest.mark.parametrize("payload", [None, [], "x"])
def test_a_payload_that_is_no_object_is_wrong_usage(payload: object) -> None:
    with pytest.raises(UsageError, match="is not a JSON object"):
        carried(run("repository_dispatch", client_payload=payload))


def test_an_unknown_key_of_a_payload_names_the_nearest() -> None:
    with pytest.raises(InvalidJob, match="did you mean 'run_at'"):
        carried(run("repository_dispatch", client_payload={"run_att": "x"}))
