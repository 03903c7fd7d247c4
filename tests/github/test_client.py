"""Requests and what becomes of each answer, without a server: no write is ever sent twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from scheduler.errors import NotPermitted, Paced, RateLimited, Rejected, Unavailable
from scheduler.github.client import GitHub
from scheduler.github.objects import error_message
from scheduler.github.queue import GitHubQueue
from scheduler.times.pace import MINUTE, PER_HOUR, SLACK
from tests.conftest import Reach, StillClock
from tests.support.answers import LOST

API = "https://api.github.com:443"
ISSUES = f"{API}/repos/o/r/issues"
NOW = StillClock().now()


def test_pages_follow_the_link_header(server: responses.RequestsMock, http: GitHub) -> None:
    following = f'<{ISSUES}?page=2&labels=schedule&after=xyz>; rel="next", <{ISSUES}>; rel="first"'
    first = {"labels": "schedule", "per_page": "100"}
    second = {"labels": "schedule", "page": "2", "after": "xyz"}
    server.get(ISSUES, json=[1], headers={"Link": following},
               match=[matchers.query_param_matcher(first)])  # fmt: skip
    server.get(ISSUES, json=[2], match=[matchers.query_param_matcher(second)])
    answers = list(http.pages("/repos/o/r/issues", {"labels": "schedule"}))
    assert [answer.data for answer in answers] == [[1], [2]]
    assert http.requests == 2


def test_a_list_that_never_ends_ends(
    server: responses.RequestsMock, http: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.client.MAX_PAGES", 5)
    server.get(ISSUES, json=[], headers={"Link": f'<{ISSUES}?page=2>; rel="next"'})
    assert len(list(http.pages("/repos/o/r/issues", {}))) == 6


@pytest.mark.parametrize("lost", LOST)
def test_a_post_is_never_sent_twice(
    server: responses.RequestsMock, http: GitHub, clock: StillClock, lost: dict[str, Any]
) -> None:
    server.post(ISSUES, **lost)
    with pytest.raises(Unavailable) as told:
        http.post("/repos/o/r/issues", {"title": "t"})
    assert len(server.calls) == http.requests == 1
    assert told.value.sent
    assert clock.slept == []


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
def test_a_repeatable_request_is_sent_three_times_at_most(
    server: responses.RequestsMock, http: GitHub, clock: StillClock, lost: dict[str, Any], verb: str
) -> None:
    server.add(verb, ISSUES, **lost)
    with pytest.raises(Unavailable, match=r"GITHUB_API_URL: 'https://api\.github\.com'"):
        http.absolute(verb, "/repos/o/r/issues")
    assert len(server.calls) == http.requests == 3
    assert clock.slept == [0.5, 1.5]


def test_a_read_that_answers_at_last(server: responses.RequestsMock, http: GitHub) -> None:
    server.get(ISSUES, status=502)
    server.get(ISSUES, json=[7])
    assert http.get("/repos/o/r/issues").data == [7]


def test_no_network_means_that_nothing_was_sent(
    server: responses.RequestsMock, http: GitHub
) -> None:
    server.post(ISSUES, body=requests.ConnectTimeout("no route"))
    with pytest.raises(Unavailable, match="can't be reached; check the network") as told:
        http.post("/repos/o/r/issues", {})
    assert not told.value.sent


def test_a_token_that_is_no_good(server: responses.RequestsMock, http: GitHub) -> None:
    server.get(ISSUES, status=401, json={"message": "Bad credentials"})
    with pytest.raises(NotPermitted, match="401 'Bad credentials'; set GITHUB_TOKEN") as told:
        http.get("/repos/o/r/issues")
    words = [call.request.headers["Authorization"].split()[0] for call in server.calls]
    assert words == ["token", "Bearer"]  # no server takes neither
    assert "ghp_" not in str(told.value)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 451])
def test_a_refusal_is_for_good(server: responses.RequestsMock, http: GitHub, status: int) -> None:
    errors = [{"code": "custom", "message": "title is too long"}, "and so on", {"code": "invalid"}]
    server.get(ISSUES, status=status, json={"message": "Validation\nFailed", "errors": errors})
    with pytest.raises(Rejected) as told:
        http.get("/repos/o/r/issues")
    assert told.value.status == status
    assert "Validation Failed; title is too long; and so on; invalid" in str(told.value)
    assert len(server.calls) == 1


def test_what_a_refusal_says_is_one_line_without_control_characters() -> None:
    assert (
        error_message({"message": "a\x1b[31m\r\n::error::b" + "c" * 900})
        == ("a [31m ::error::b" + "c" * 900)[:500]
    )
    assert error_message(["x"]) == error_message(None) == error_message({}) == "no message"
    assert error_message({"message": "m", "errors": "text"}) == "m"


RESET = str(int((NOW + timedelta(seconds=400)).timestamp()))
LIMITED: list[tuple[int, dict[str, str], str, int]] = [
    (429, {"Retry-After": "90"}, "Too Many Requests", 90),
    (403, {"Retry-After": "120"}, "You have exceeded a secondary rate limit", 120),
    (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, "API rate limit", 400),
    (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, "", 400),
    (403, {}, "You have exceeded a secondary rate limit.", 60),
    (403, {}, "You have triggered an abuse detection mechanism", 60),
    (429, {}, "Too Many Requests", 60),
    (429, {"Retry-After": "soon"}, "Too Many Requests", 60),
    (403, {"X-RateLimit-Remaining": "0"}, "no reset is told", 60),
    *((429, {"Retry-After": text}, "a wait", 3600) for text in ("9" * 30, "1e300", "inf", "3601")),
    *((429, {"Retry-After": text}, "no wait", 60) for text in ("nan", "", "1e", "10,20")),
    *(
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": text}, "a reset", wait)
        for text, wait in (
            ("253402300799", 3600),
            ("9" * 30, 3600),
            ("inf", 60),
            ("-inf", 60),
            ("nan", 60),
            ("-62135596800", 60),
            ("0", 60),
            ("2999-12-31", 60),
        )
    ),
]


@pytest.mark.parametrize("text", ["inf", "nan", "", "soon", "9" * 400, "1e400", "-1"])
@pytest.mark.parametrize("name", ["Limit", "Remaining", "Reset"])
def test_an_answer_with_a_count_that_is_no_number_is_an_answer(
    server: responses.RequestsMock, http: GitHub, name: str, text: str
) -> None:
    told = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "9", "X-RateLimit-Reset": RESET}
    server.get(ISSUES, headers={**told, f"X-RateLimit-{name}": text}, json=[{"id": 1}])
    assert http.get("/repos/o/r/issues").data == [{"id": 1}]


@pytest.mark.parametrize("limited", LIMITED)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_long_rate_limit_is_told_and_not_waited_for(
    server: responses.RequestsMock, http: GitHub, clock: StillClock,
    limited: tuple[int, dict[str, str], str, int], verb: str,
) -> None:  # fmt: skip
    status, headers, words, wait = limited
    server.add(verb, ISSUES, status=status, headers=headers, json={"message": words})
    with pytest.raises(RateLimited, match=r"rate limit: GitHub answers .*; try again") as e:
        http.post("/repos/o/r/issues", {}) if verb == "POST" else http.get("/repos/o/r/issues")
    assert e.value.retry_at == NOW + timedelta(seconds=wait)
    assert not e.value.sent
    assert len(server.calls) == 1
    assert clock.slept == []


def test_a_403_with_requests_left_is_no_rate_limit(
    server: responses.RequestsMock, http: GitHub
) -> None:
    server.get(ISSUES, status=403, json={"message": "Resource not accessible by integration"},
               headers={"X-RateLimit-Remaining": "17", "X-RateLimit-Reset": RESET})  # fmt: skip
    with pytest.raises(Rejected):
        http.get("/repos/o/r/issues")


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_short_rate_limit_is_waited_out(
    server: responses.RequestsMock, http: GitHub, clock: StillClock, verb: str
) -> None:
    server.add(verb, ISSUES, status=429, headers={"Retry-After": "3"}, json={})
    server.add(verb, ISSUES, json={"id": 1})
    send = http.post if verb == "POST" else http.get
    assert send("/repos/o/r/issues", {}).data == {"id": 1}
    assert clock.slept == [3]


def test_a_post_waits_for_one_rate_limit_only(server: responses.RequestsMock, http: GitHub) -> None:
    server.post(ISSUES, status=429, headers={"Retry-After": "3"}, json={})
    with pytest.raises(RateLimited):
        http.post("/repos/o/r/issues", {})
    assert len(server.calls) == 2
    with pytest.raises(RateLimited):
        http.post("/repos/o/r/issues", {}, patient=False)
    assert len(server.calls) == 3


@pytest.mark.parametrize("text", ["<html>a proxy's page</html>", "{", "nul"])
def test_an_answer_that_is_no_json_is_no_answer(
    server: responses.RequestsMock, http: GitHub, text: str
) -> None:
    server.post(ISSUES, status=201, body=text)
    with pytest.raises(Unavailable, match="answered 201 with something that is no JSON") as told:
        http.post("/repos/o/r/issues", {})
    assert told.value.sent


@pytest.mark.parametrize("data", ["[]", '"text"', "7", "{}", ""])
def test_an_answer_of_another_shape_is_no_answer(
    server: responses.RequestsMock, http: GitHub, data: str
) -> None:
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    server.post(ISSUES, status=201, body=data)
    with pytest.raises(Unavailable, match="something else than was asked for"):
        queue.create("t", "b")
    if data != "{}":
        server.get(f"{API}/repos/o/r/collaborators/u/permission", body=data)
        with pytest.raises(Unavailable):
            queue.role("u")
        server.get(f"{API}/repos/o/r", body=data)
        with pytest.raises(Unavailable):
            queue.default_branch("o/r")


def test_many_writes_are_paced(
    server: responses.RequestsMock, clock: StillClock, reach: Reach
) -> None:
    http = reach(rate=None)
    server.post(ISSUES, status=201, json={})
    for _ in range(82):
        http.post("/repos/o/r/issues", {}, paced=True)
    assert clock.slept == [MINUTE + SLACK]  # and then the first two are a minute old
    for _ in range(PER_HOUR - 82):
        http.post("/repos/o/r/issues", {}, paced=True)
    sent, slept = http.requests, list(clock.slept)
    with pytest.raises(Paced) as told:
        http.post("/repos/o/r/issues", {}, paced=True)
    assert (http.requests, clock.slept) == (sent, slept)  # an hour is not waited out here
    assert not told.value.sent
    assert f"{told.value.retry_at:%H:%M:%S}" in str(told.value)
    clock.sleep((told.value.retry_at - clock.now()).total_seconds())
    http.post("/repos/o/r/issues", {}, paced=True)


def test_what_is_no_content_is_not_paced(
    server: responses.RequestsMock, clock: StillClock, reach: Reach
) -> None:
    http = reach(rate=None)
    server.post(ISSUES, status=201, json={})
    server.patch(ISSUES, json={})
    for _ in range(PER_HOUR):
        http.post("/repos/o/r/issues", {})
        http.absolute("PATCH", "/repos/o/r/issues", {})
    assert clock.slept == []
