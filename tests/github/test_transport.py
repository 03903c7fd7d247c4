"""What an answer tells of itself, and what is said of an address that does not answer."""

from __future__ import annotations

import ssl
from datetime import datetime, timezone
from typing import Any

import pytest
import requests
import urllib3

from scheduler.errors import UsageError
from scheduler.github.transport import PER_PAGE, Answer, address, failure

GITHUB = {"x-github-request-id": "1"}


def answer(data: Any, **headers: str) -> Answer:
    return Answer(status=200, headers=headers, data=data)


def some(count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(count)]


@pytest.mark.parametrize(
    ("count", "headers", "more"),
    [
        (PER_PAGE, {}, True),
        (PER_PAGE, GITHUB, True),
        (PER_PAGE - 1, {}, False),
        (30, {}, True),  # a server that caps a page lower
        (50, {}, True),
        (30, GITHUB, False),
        (50, GITHUB, False),
        (PER_PAGE, {"link": ""}, False),  # which names all that there is
        (0, {}, False),
    ],
)
def test_a_page_that_looks_full_may_have_another_after_it(
    count: int, headers: dict[str, str], more: bool
) -> None:
    assert Answer(status=200, headers=headers, data=some(count)).may_have_more == more


@pytest.mark.parametrize("key", ["workflow_runs", "check_runs", "statuses"])
def test_a_list_may_stand_within_an_object(key: str) -> None:
    found = answer({"total_count": 2, key: some(2)})
    assert found.listed == some(2)
    assert found.ids == {"0", "1"}


@pytest.mark.parametrize("data", [None, {}, "text", 7])
def test_what_is_no_list_has_no_items(data: Any) -> None:
    assert answer(data).listed == []


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ('<https://x/?page=2>; rel="next", <https://x/>; rel="first"', "https://x/?page=2"),
        ('</issues?after=a%2Cb>; rel="next"', "/issues?after=a%2Cb"),
        ('<https://x/>; rel="last"', None),
        ("", None),
    ],
)
def test_the_next_page_is_the_one_that_the_link_names(link: str, following: str | None) -> None:
    assert answer([], link=link).next_page == following


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", datetime(2026, 11, 23, 12, tzinfo=timezone.utc)),
        ("noon", None),
        ("", None),
    ],
)
def test_the_server_s_own_time(text: str, instant: datetime | None) -> None:
    found = answer([], date=text, sunset=text)
    assert found.date == found.sunset == instant
    assert answer([]).date is None


KINDS = requests.exceptions


@pytest.mark.parametrize(
    ("problem", "words", "sent"),
    [
        (KINDS.ProxyError("x"), "through the proxy", False),
        (KINDS.SSLError(ssl.SSLCertVerificationError("x")), "certificate is not trusted", False),
        (KINDS.SSLError("x"), "TLS failed", True),
        (KINDS.ConnectTimeout("x"), "check the network and GITHUB_API_URL", False),
        (KINDS.ReadTimeout("x"), "did not answer in time", True),
        (KINDS.ConnectionError("x"), "closed the connection without an answer", True),
        (KINDS.InvalidURL("x"), "check GITHUB_API_URL and HTTPS_PROXY", False),
        (urllib3.exceptions.LocationValueError("x"), "check GITHUB_API_URL", False),
        (OSError("no bundle"), "check the network and REQUESTS_CA_BUNDLE", True),
    ],
)
def test_what_is_said_of_an_address_that_does_not_answer(
    problem: OSError | urllib3.exceptions.HTTPError, words: str, sent: bool
) -> None:
    told, may_have_got_there = failure(problem)
    assert words in told
    assert may_have_got_there == sent


def test_an_address_has_a_scheme_and_a_host() -> None:
    parts = address("http://127.0.0.1:8080/api/v3")
    assert (parts.scheme, parts.hostname, parts.port) == ("http", "127.0.0.1", 8080)
    for wrong in ("", "ghe.example", "ftp://x", "https://", "https://x:y", "https://x:0"):
        with pytest.raises(UsageError, match="is not an address"):
            address(wrong)
