"""GitHub's checks of a dispatch, with its own words, before anything starts.

https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
"""

from __future__ import annotations

import json
from typing import Any

from scheduler.sandbox.http.failure import ApiFailure, invalid_request
from scheduler.sandbox.runner.expressions import as_text
from scheduler.sandbox.runner.workflow_files import WorkflowFile

TEXT_LIMIT = 65_535
"""Characters of all inputs, or of a ``client_payload``, as JSON."""

INPUTS_LIMIT = 25
"""On github.com since December 2025; GitHub Enterprise Server up to 3.19 takes 10."""

PAYLOAD_KEYS_LIMIT = 10
EVENT_TYPE_LIMIT = 100


def check_keys(given: dict[str, Any], permitted: set[str]) -> None:
    """Refuse a key that the API description does not have."""
    for key in given:
        if key not in permitted:
            raise invalid_request(f'"{key}" is not a permitted key.')


def check_count(properties: dict[str, Any], maximum: int) -> None:
    """Refuse more properties than ``maximum``."""
    if len(properties) > maximum:
        raise invalid_request(
            f"No more than {maximum} properties are allowed; {len(properties)} were supplied."
        )


def _size(told: dict[str, Any]) -> int:
    # As compact JSON: https://github.com/DataDog/integrations-core/pull/25096
    return len(json.dumps(told, ensure_ascii=False, separators=(",", ":")))


def check_inputs(workflow: WorkflowFile, given: dict[str, Any]) -> dict[str, str]:
    """The run's inputs, defaults included, as text. Raises: 422 in GitHub's words."""
    declared = workflow.inputs
    unexpected = [name for name in given if name not in declared]
    if unexpected:
        raise ApiFailure(422, f"Unexpected inputs provided: {json.dumps(unexpected)}")
    inputs: dict[str, str] = {}
    for name, spec in declared.items():
        kind = str(spec.get("type", "string"))
        if name not in given:
            if str(spec.get("required", "false")).lower() == "true" and "default" not in spec:
                raise ApiFailure(422, f"Required input '{name}' not provided")
            empty = "false" if kind == "boolean" else ""
            options = spec.get("options") or [""]
            first = str(options[0]) if kind == "choice" else empty
            inputs[name] = as_text(spec.get("default", first))
            continue
        value = as_text(given[name])
        allowed = spec.get("options", []) if kind == "choice" else ["true", "false"]
        if kind in ("choice", "boolean") and value not in allowed:
            text = f"Provided value '{value}' for input '{name}' not in the list of allowed values"
            raise ApiFailure(422, text)
        inputs[name] = value
    if _size(given) > TEXT_LIMIT:
        raise ApiFailure(422, "inputs are too large.")
    return inputs


def check_payload(payload: dict[str, Any]) -> None:
    """Refuse a ``client_payload`` that is too wide or too long."""
    check_count(payload, PAYLOAD_KEYS_LIMIT)
    if _size(payload) > TEXT_LIMIT:
        raise ApiFailure(422, "client_payload is too large.")
