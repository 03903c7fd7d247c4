"""A repository's files: what is not there, what is not shown, and what is no text."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import NotPermitted, Rejected, SettingsUnreadable
from scheduler.github.client import Api
from scheduler.github.contents import GitHubContents
from scheduler.ports.values import WorkflowFile
from tests.support.answers import API, HERE

SETTINGS = f"{HERE}/contents/.github/scheduler.yml"
WORKFLOW = f"{HERE}/contents/.github/workflows/run.yml"


def file(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "file", "content": base64.b64encode(text.encode()).decode(), **more}


@pytest.fixture
def contents(api: Api) -> GitHubContents:
    return GitHubContents(api)


def test_the_settings_are_read_as_they_stand(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    server.get(SETTINGS, json=file("label: grüße\n"), match=[matchers.query_param_matcher({})])
    assert contents.settings_text() == "label: grüße\n"


def test_settings_that_are_not_there_are_none(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    server.get(SETTINGS, status=404, json={"message": "Not Found"})
    assert contents.settings_text() is None


def test_settings_that_are_not_shown_are_an_error(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    server.get(SETTINGS, status=403, json={"message": "Resource not accessible"})
    with pytest.raises(NotPermitted, match="lacks the permission 'contents: read' in o/r"):
        contents.settings_text()


def test_the_names_of_workflow_files(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    names = [{"name": name} for name in ("b.yaml", "a.yml", "README.md", None)]
    asked = [matchers.query_param_matcher({"ref": "v1"})]
    server.get(f"{HERE}/contents/.github/workflows", json=names, match=asked)
    assert contents.workflow_names("o/r", "v1") == ["a.yml", "b.yaml"]
    server.get(f"{API}/repos/o/none/contents/.github/workflows", status=404, json={})
    assert contents.workflow_names("o/none", None) == []


@pytest.mark.parametrize("data", [[file("x")], file("x", type="symlink"), file("x", type="dir")])
def test_what_is_no_file_is_none(
    server: responses.RequestsMock, contents: GitHubContents, data: Any
) -> None:
    server.get(WORKFLOW, json=data)
    assert contents.workflow_file("o/r", "run.yml", None) is None


@pytest.mark.parametrize("content", ["/w==", "%", "é", 7])
def test_what_is_no_text_is_no_settings(
    server: responses.RequestsMock, contents: GitHubContents, content: Any
) -> None:
    server.get(WORKFLOW, json={"type": "file", "content": content})
    found = contents.workflow_file("o/r", "run.yml", "v1")
    assert found is not None
    assert "\ufffd" in found.text or found.text == ""


def test_a_file_that_is_too_long_to_be_given_is_not_an_empty_one(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    server.get(WORKFLOW, json={"type": "file", "content": "", "encoding": "none", "size": 2**21})
    found = contents.workflow_file("o/r", "run.yml", "v1")
    assert found is not None
    assert found.text == "\ufffd"


@pytest.mark.parametrize(
    ("addresses", "branch"),
    [
        ({"url": f"{WORKFLOW}?ref=trunk"}, "trunk"),
        ({"html_url": "https://github.com/o/r/blob/a%2Fb/.github/workflows/run.yml"}, "a/b"),
        ({"html_url": "https://github.com/o/r/blob/main/elsewhere.yml"}, None),
        ({}, None),
    ],
)
def test_the_branch_is_read_from_the_file_s_addresses(
    server: responses.RequestsMock,
    contents: GitHubContents,
    addresses: dict[str, str],
    branch: str | None,
) -> None:
    server.get(WORKFLOW, json=file("on: push\n", **addresses))
    told = WorkflowFile(text="on: push\n", ref=branch)
    assert contents.workflow_file("o/r", "run.yml", None) == told


def test_a_ref_is_asked_for_by_name(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    asked = [matchers.query_param_matcher({"ref": "a/b"})]
    server.get(WORKFLOW, json=file("on: push\n"), match=asked)
    found = contents.workflow_file("o/r", "run.yml", "a/b")
    assert found == WorkflowFile(text="on: push\n", ref="a/b")


def test_another_repository_s_refusal_is_no_fault_of_the_token(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    elsewhere = f"{API}/repos/o/other/contents/.github/workflows/run.yml"
    server.get(elsewhere, status=403, json={"message": "no"})
    with pytest.raises(Rejected):
        contents.workflow_file("o/other", "run.yml", None)


@pytest.mark.parametrize(
    ("root", "workflows", "status"), [(403, None, 403), (404, 404, 404), (404, 403, 403)]
)
def test_contents_that_can_not_be_proved_are_unreadable(
    server: responses.RequestsMock,
    contents: GitHubContents,
    root: int,
    workflows: int | None,
    status: int,
) -> None:
    server.get(f"{HERE}/contents", status=root, json={})
    if workflows is not None:
        server.get(f"{HERE}/contents/.github/workflows", status=workflows, json={})
    with pytest.raises(SettingsUnreadable, match=f"GitHub answers {status}"):
        contents.prove_contents()


def test_a_server_without_a_root_is_asked_for_the_workflows(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    server.get(f"{HERE}/contents", status=404, json={})
    server.get(f"{HERE}/contents/.github/workflows", json=[])
    contents.prove_contents()
    assert len(server.calls) == 2


@pytest.mark.parametrize(("status", "words"), [(404, "does not exist"), (403, "metadata: read")])
def test_a_repository_that_is_not_shown_is_named(
    server: responses.RequestsMock, contents: GitHubContents, status: int, words: str
) -> None:
    server.get(HERE, status=status, json={"message": "no"})
    with pytest.raises(NotPermitted, match=words):
        contents.require_repository()


@pytest.mark.parametrize(
    ("told", "private"),
    [({"private": True}, True), ({"private": False}, False), ({}, True), ({"private": None}, True)],
)
def test_what_does_not_say_that_it_is_public_is_private(
    server: responses.RequestsMock, contents: GitHubContents, told: dict[str, Any], private: bool
) -> None:
    server.get(f"{API}/repos/o/other", json=told)
    assert contents.is_private("o/other") == private


def test_the_newest_commit_of_the_default_branch(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    commits = f"{HERE}/commits"
    when = {"commit": {"committer": {"date": "2026-11-23T09:00:00Z"}}}
    server.get(commits, json=[when], match=[matchers.query_param_matcher({"per_page": "1"})])
    assert contents.last_commit("o/r") == datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
    server.reset()
    server.get(commits, status=409, json={"message": "Git Repository is empty."})
    assert contents.last_commit("o/r") is None


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, {"enabled": True}, True),
        (200, {"enabled": False}, False),
        (403, {"message": "Resource not accessible"}, None),
        (404, {"message": "Not Found"}, None),
    ],
)
def test_whether_actions_are_switched_on_is_told_to_administrators(
    server: responses.RequestsMock, contents: GitHubContents, status: int, body: Any, told: Any
) -> None:
    server.get(f"{HERE}/actions/permissions", status=status, json=body)
    assert contents.actions_enabled("o/r") is told


def test_a_new_file_is_committed(server: responses.RequestsMock, contents: GitHubContents) -> None:
    sent = {"message": "Lend", "content": base64.b64encode(b"on: push").decode()}
    server.put(WORKFLOW, json={}, status=201, match=[matchers.json_params_matcher(sent)])
    contents.add_file("o/r", ".github/workflows/run.yml", "on: push", message="Lend")


def test_a_file_that_is_there_is_not_written_over(
    server: responses.RequestsMock, contents: GitHubContents
) -> None:
    server.put(WORKFLOW, json={"message": '"sha" wasn\'t supplied.'}, status=422)
    with pytest.raises(Rejected, match="sha") as refused:
        contents.add_file("o/r", ".github/workflows/run.yml", "on: push", message="Lend")
    assert refused.value.status == 422
