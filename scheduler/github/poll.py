"""The queue's list, asked for again and again: what has not changed costs nothing.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from scheduler.github.client import MAX_PAGES, GitHub
from scheduler.github.transport import PER_PAGE, Answer
from scheduler.ports.values import Ticket

#: So many items of a list can be reached by the numbers of pages.
#: https://github.com/google/go-github/issues/3565
NUMBERED = 10_000
#: Where a page is asked for: an address, and its number where only that tells it.
Place = tuple[str, int | None]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the list as it was last shown."""

    place: Place
    #: Empty where the server gives none.
    etag: str
    #: What tells its items apart from those of other pages.
    ids: frozenset[str]
    #: Those of the items that count.
    tickets: list[Ticket]
    #: The address of the next page, as this one named it; None: it named none.
    following: str | None
    #: Whether another may come after it, named or not.
    full: bool

    def next(self, path: str, count: int) -> Place | None:
        """Where the page after this one is, the last of ``count``; None: there is none.

        A full page may stay as it is while another one begins after it, which no link names yet.
        """
        if self.following is not None:
            return self.following, None
        return (path, count + 1) if self.full and (count + 1) * PER_PAGE < NUMBERED else None


class Poll:
    """One list; ``read`` makes an answer of it the tickets that count."""

    def __init__(self, http: GitHub, read: Callable[[Answer], list[Ticket]]) -> None:
        self._http = http
        self._read = read
        self._pages: list[Page] = []

    def look(self, path: str, params: Mapping[str, str]) -> Sequence[Ticket] | None:
        """The list as it is now; None where every page is as it was.

        Raises:
            Rejected: GitHub's answer to one of the pages.
        """
        pages: list[Page] = []
        seen: frozenset[str] = frozenset()
        place: Place | None = (path, None)
        while place is not None and len(pages) < MAX_PAGES:
            known = self._pages[len(pages)] if len(pages) < len(self._pages) else None
            first: dict[str, Any] = {**params, "per_page": PER_PAGE} if place[0] == path else {}
            page = self._asked(place, first, known if known and known.place == place else None)
            if pages and page.ids and page.ids <= seen:
                break  # the server knows no pages
            pages.append(page)
            seen |= page.ids
            place = page.next(path, len(pages))
        # A page that is as it was is the very one that was shown before.
        same = len(pages) == len(self._pages) and all(map(operator.is_, pages, self._pages))
        self._pages = pages
        return None if same else [ticket for page in pages for ticket in page.tickets]

    def _asked(self, place: Place, params: dict[str, Any], known: Page | None) -> Page:
        """The page at ``place`` as it is now: ``known`` itself, where that has not changed."""
        address, number = place
        numbered = {} if number is None else {"page": number}
        headers = {"If-None-Match": known.etag} if known and known.etag else {}
        answer = self._http.get(address, params | numbered, **headers)
        if answer.status == HTTPStatus.NOT_MODIFIED and known:
            return known
        return Page(
            place=place,
            etag=answer.headers.get("etag", ""),
            ids=answer.ids,
            tickets=self._read(answer),
            following=self._http.following(address, answer),
            full=len(answer.listed) >= PER_PAGE or answer.may_have_more,
        )
