"""Pagination: ``per_page``, ``page`` and the ``Link`` header.

https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

T = TypeVar("T")


def cut(
    items: Sequence[T], query: Mapping[str, str], url: str, *, default: int = 30
) -> tuple[Sequence[T], dict[str, str]]:
    """The page that ``query`` asks for, and the headers that lead to the others.

    url: the request's own address, without its query. A size above 100 is 100.
    """
    size = min(_number(query.get("per_page"), default), 100)
    page = _number(query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    links = []
    if page > 1:
        links += [("prev", min(page - 1, last)), ("first", 1)]
    if page < last:
        links = (
            [link for link in links if link[0] == "prev"]
            + [("next", page + 1)]
            + [("last", last)]
            + [link for link in links if link[0] == "first"]
        )
    header = ", ".join(
        f'<{url}?{urlencode({**query, "page": str(number)})}>; rel="{rel}"' for rel, number in links
    )
    start = (page - 1) * size
    return items[start : start + size], {"Link": header} if header else {}


def _number(text: str | None, default: int) -> int:
    try:
        number = int(text or "")
    except ValueError:
        return default
    return number if number > 0 else default
