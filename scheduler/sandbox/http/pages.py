"""Pagination: ``per_page``, ``page`` or ``after``, and the ``Link`` header.

https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from scheduler.sandbox.http.failure import ApiFailure

T = TypeVar("T")

NUMBERED_ITEMS = 10_000
"""So many items page numbers reach in a list that has cursors.

https://github.com/google/go-github/issues/3565
"""
TOO_FAR = (
    "Pagination with the page parameter is not supported for large datasets, please use cursor "
    "based pagination (after/before)"
)


def cut(
    items: Sequence[T], query: Mapping[str, str], url: str, *, default: int = 30
) -> tuple[Sequence[T], dict[str, str]]:
    """The page that ``query`` asks for, and the headers that lead to the others.

    url: the request's own address, without its query. A size above 100 is 100.
    """
    size = min(_number(query.get("per_page"), default), 100)
    page = _number(query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    links: dict[str, dict[str, int | str]] = {}
    if page > 1:
        links["prev"] = {"page": min(page - 1, last)}
    if page < last:
        links |= {"next": {"page": page + 1}, "last": {"page": last}}
    if page > 1:
        links["first"] = {"page": 1}
    start = (page - 1) * size
    return items[start : start + size], _header(links, query, url)


def cut_at(
    items: Sequence[T], query: Mapping[str, str], url: str, name: Callable[[T], int], *, most: int
) -> tuple[Sequence[T], dict[str, str]]:
    """The same of a list that has cursors: its ``next`` is one, and numbers end at ``most``.

    name: what a cursor calls an item. Raises: 422 for a page beyond those that have numbers.
    """
    size = min(_number(query.get("per_page"), 30), 100)
    page = _number(query.get("page"), 1)
    after = _cursor(query.get("after", ""))
    if after is None and page > 1 and page * size >= most:
        raise ApiFailure(422, TOO_FAR)
    start = (page - 1) * size
    if after is not None:
        last, start = after
        # Where it stands now; where it is gone, where it stood.
        start = next((n + 1 for n, item in enumerate(items) if name(item) == last), start)
    part, end = items[start : start + size], start + size
    _, links = cut(items, {**query, "page": str(page)}, url)
    if end >= len(items):
        return part, links if after is None else {}
    cursor = base64.urlsafe_b64encode(f"{name(part[-1])}:{end}".encode()).decode()
    following = _header({"next": {"page": page + 1, "after": cursor}}, query, url)["Link"]
    others = [link for link in links.get("Link", "").split(", ") if 'rel="next"' not in link]
    if after is not None or len(items) >= most:
        others = []  # a number would not lead there
    return part, {"Link": ", ".join([following, *others])}


def _header(
    links: Mapping[str, Mapping[str, int | str]], query: Mapping[str, str], url: str
) -> dict[str, str]:
    header = ", ".join(
        f'<{url}?{urlencode({**query, **place})}>; rel="{rel}"' for rel, place in links.items()
    )
    return {"Link": header} if header else {}


def _cursor(text: str) -> tuple[int, int] | None:
    try:
        last, _, start = base64.urlsafe_b64decode(text).decode().partition(":")
        return int(last), int(start)
    except (binascii.Error, ValueError):
        return None


def _number(text: str | None, default: int) -> int:
    try:
        number = int(text or "")
    except ValueError:
        return default
    return number if number > 0 else default
