"""Labels by HTTP: one by one, made where the server makes none, and never taken from others."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import NotPermitted, Rejected
from scheduler.github.client import Api
from scheduler.github.labels import COLOUR, NO_ROUTE, GitHubLabels
from tests.support.answers import HERE

ISSUE = f"{HERE}/issues/7"
NO_LABEL = {
    "message": "Validation Failed",
    "errors": [{"resource": "Label", "field": "name", "code": "invalid"}],
}


@pytest.fixture
def labels(api: Api) -> GitHubLabels:
    return GitHubLabels(api)


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "color": COLOUR} for name in names]


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("SCHEDULE", "schedule"),
        ("Schedule:Held", "schedule:held"),
        ("Scheduled", "Scheduled"),
        ("my-Schedule", "my-Schedule"),
        ("Bug", "Bug"),
        ("", ""),
    ],
)
def test_the_queue_s_labels_are_told_in_its_own_case(
    labels: GitHubLabels, written: str, ours: str
) -> None:
    assert labels.as_ours([written]) == (ours,)


def test_a_label_is_put_on_in_one_request(
    server: responses.RequestsMock, labels: GitHubLabels
) -> None:
    sent = [matchers.json_params_matcher({"labels": ["schedule:held"]})]
    server.post(f"{ISSUE}/labels", json=named("Bug", "Schedule:held"), match=sent)
    assert labels.add_label(7, "schedule:held") == ("Bug", "schedule:held")
    assert len(server.calls) == 1


def test_a_label_that_the_server_lacks_is_made_once(
    server: responses.RequestsMock, labels: GitHubLabels
) -> None:
    server.post(f"{ISSUE}/labels", status=422, json=NO_LABEL)
    made = [matchers.json_params_matcher({"name": "schedule:held", "color": COLOUR})]
    server.post(f"{HERE}/labels", status=201, json={}, match=made)
    server.post(f"{ISSUE}/labels", json=named("schedule:held"))
    assert labels.add_label(7, "schedule:held") == ("schedule:held",)
    assert len(server.calls) == 3


@pytest.mark.parametrize("status", [403, 422])
def test_a_label_that_can_not_be_made_is_named_with_what_to_do(
    server: responses.RequestsMock, labels: GitHubLabels, status: int
) -> None:
    server.post(f"{ISSUE}/labels", status=422, json=NO_LABEL)
    server.post(f"{HERE}/labels", status=status, json={"message": "no"})
    for _ in range(2):
        with pytest.raises(Rejected, match="labels: schedule:held can't be put on") as told:
            labels.add_label(7, "schedule:held")
        assert "make those labels in o/r" in str(told.value)
    # It was asked for once, the write itself twice and twice.
    asked = [call.request.url for call in server.calls]
    assert sum(str(each).endswith("/o/r/labels") for each in asked) == 1


def test_an_issue_that_is_full_has_no_label_made_for_it(
    server: responses.RequestsMock, labels: GitHubLabels
) -> None:
    words = {"message": "Issues cannot have more than 100 labels"}
    server.post(f"{ISSUE}/labels", status=422, json=words)
    with pytest.raises(Rejected, match="more than 100"):
        labels.add_label(7, "schedule:held")
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", sorted(NO_ROUTE))
def test_without_that_route_labels_are_written_as_they_were_read(
    server: responses.RequestsMock, labels: GitHubLabels, status: int
) -> None:
    server.post(f"{ISSUE}/labels", status=status, json={"message": "no such route"})
    server.delete(f"{ISSUE}/labels/bug", status=status, json={"message": "no such route"})
    server.get(ISSUE, json={"number": 7, "labels": named("bug", "schedule")})
    both: dict[str, Any] = {"labels": ["bug", "schedule", "schedule:held"]}
    server.patch(ISSUE, json={"number": 7, **both}, match=[matchers.json_params_matcher(both)])
    assert labels.add_label(7, "schedule:held") == ("bug", "schedule", "schedule:held")
    left: dict[str, Any] = {"labels": ["schedule"]}
    server.patch(ISSUE, json={"number": 7, **left}, match=[matchers.json_params_matcher(left)])
    labels.remove_label(7, "bug")


def test_what_is_so_already_is_not_written(
    server: responses.RequestsMock, labels: GitHubLabels
) -> None:
    server.post(f"{ISSUE}/labels", status=501, json={})
    server.get(ISSUE, json={"number": 7, "labels": ["Schedule:HELD"]})
    assert labels.add_label(7, "schedule:held") == ("schedule:held",)
    assert [call.request.method for call in server.calls] == ["POST", "GET"]


def test_a_label_that_is_not_there_is_no_error(
    server: responses.RequestsMock, labels: GitHubLabels
) -> None:
    address = f"{ISSUE}/labels/with%20a%2Fslash"
    server.delete(address, status=404, json={"message": "Label does not exist"})
    labels.remove_label(7, "with a/slash")
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [("Resource not accessible", NotPermitted), ("This issue is locked", Rejected)],
)
def test_a_refusal_is_of_the_token_or_of_the_issue(
    server: responses.RequestsMock, labels: GitHubLabels, words: str, error: type[Exception]
) -> None:
    server.post(f"{ISSUE}/labels", status=403, json={"message": words})
    server.delete(f"{ISSUE}/labels/bug", status=403, json={"message": words})
    for write in (labels.add_label, labels.remove_label):
        with pytest.raises(error) as told:
            write(7, "bug")
        assert type(told.value) is error
