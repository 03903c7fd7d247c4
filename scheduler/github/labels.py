"""The labels of issues, each put on or taken off alone: what others did meanwhile stays.

https://docs.github.com/en/rest/issues/labels
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scheduler.errors import NotPermitted, Rejected
from scheduler.github.client import Api
from scheduler.github.objects import label_names, ticket_of
from scheduler.github.transport import Answer

#: GitHub's own for a label that was never given another.
COLOUR = "ededed"
#: What a server answers that has no route to an issue's labels; GitHub's 404 is of the issue.
NO_ROUTE = frozenset({404, 405, 501})


class GitHubLabels:
    """The labels of the queue's issues."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http
        #: The labels that were made here, or refused: none is asked for twice.
        self._asked_for: set[str] = set()
        self._noted: str | None = None

    def as_ours(self, labels: Iterable[str]) -> tuple[str, ...]:
        """``labels`` with those of the queue in its own letter case: GitHub's know no case."""
        own, found = self._api.label.lower(), []
        for name in labels:
            ours = f"{name}:".lower().startswith(f"{own}:")
            found.append(self._api.label + name.lower()[len(own) :] if ours else name)
        return tuple(found)

    def see(self, labels: Any) -> None:
        """Keep what an issue's labels, as they were told, say of the queue's own."""
        for label in labels if isinstance(labels, list) else ():
            if isinstance(label, dict) and "description" in label:
                name = str(label.get("name") or "").lower()
                if name == self._api.label.lower():
                    self._noted = str(label["description"] or "")

    def noted(self) -> str | None:
        """The description of the queue's label, by the newest issue that was read with it."""
        return self._noted

    def note(self, text: str) -> None:
        """Describe the queue's label anew. Absolute.

        https://docs.github.com/en/rest/issues/labels#update-a-label
        """
        name = urllib.parse.quote(self._api.label, safe="")
        with self._api.needs("issues: write", one=True):
            self._http.absolute("PATCH", f"{self._api.here}/labels/{name}", {"description": text})
        self._noted = text

    def with_labels(self, labels: Sequence[str], write: Callable[[], Answer]) -> Answer:
        """What ``write``, which puts ``labels`` on an issue, is answered.

        GitHub makes a label that the repository lacks. Where a server refuses it instead, and
        so wrote nothing, those of the queue are made, and ``write`` is called once more.

        Raises:
            Rejected: it is refused all the same; of labels, the message says what to do.
        """
        try:
            return write()
        except Rejected as refused:
            if not _of_labels(refused) or not labels:
                raise
            states = {each for each in labels if each.startswith(f"{self._api.label}:")}
            # What is given a state's label has that of the queue already.
            for name in sorted((states or {self._api.label} & {*labels}) - self._asked_for):
                self._make_label(name)
        try:
            return write()
        except Rejected as refused:
            if not _of_labels(refused):
                raise
            words = f"labels: {', '.join(labels)} can't be put on an issue ({refused})"
            fix = f"make those labels in {self._api.repository}, then try again"
            raise Rejected(f"{words}; {fix}", status=refused.status) from refused

    def _make_label(self, name: str) -> None:
        self._asked_for.add(name)
        try:
            path = f"{self._api.here}/labels"
            self._http.post(path, {"name": name, "color": COLOUR})
        except (Rejected, NotPermitted):
            # It is there already, or the write that needs it says again that it is not.
            return

    def add_label(self, number: int, label: str) -> tuple[str, ...]:
        """Put one label on an issue; the labels that it has then, by name. Absolute.

        GitHub makes a label that the repository lacks, if the token may write there.

        Raises:
            NotPermitted: the token may not label issues.
            Rejected: GitHub refuses it for another reason, such as a locked issue.
        """
        path = f"{self._api.here}/issues/{number}/labels"
        told, sent = None, {"labels": [label]}
        try:
            told = self.with_labels([label], lambda: self._http.absolute("POST", path, sent)).data
        except Rejected as refused:
            if refused.status not in NO_ROUTE:
                raise self._api.refused(refused, "issues: write", one=True) from refused
        if isinstance(told, list):
            return self.as_ours(label_names(told))
        return self._relabelled(number, lambda was: was | {label})

    def remove_label(self, number: int, label: str) -> None:
        """Take one label off an issue, if it is there. Absolute.

        GitHub answers 404 `Label does not exist` of one that it does not have.

        Raises:
            NotPermitted: the token may not label issues.
            Rejected: GitHub refuses it for another reason.
        """
        name = urllib.parse.quote(label, safe="")
        path = f"{self._api.here}/issues/{number}/labels/{name}"
        try:
            self._http.absolute("DELETE", path)
        except Rejected as refused:
            if refused.status == 404 and _of_labels(refused):
                return
            if refused.status not in NO_ROUTE:
                raise self._api.refused(refused, "issues: write", one=True) from refused
            self._relabelled(number, lambda was: was - {label})

    def _relabelled(self, number: int, change: Callable[[set[str]], set[str]]) -> tuple[str, ...]:
        """The issue's labels after ``change``, by what every server has: the issue itself.

        The only place where labels are written as a set: for a server without that route, which
        GitHub has, and right after they were read there.
        """
        path = f"{self._api.here}/issues/{number}"
        with self._api.needs("issues: write", one=True):
            was = {*self.as_ours(ticket_of(self._http.get(path).data).labels)}
            names = sorted(change(was))
            if set(names) == was:
                return tuple(names)
            sent = {"labels": names}
            answer = self.with_labels(names, lambda: self._http.absolute("PATCH", path, sent))
            return self.as_ours(ticket_of(answer.data).labels)


def _of_labels(refused: Rejected) -> bool:
    words = str(refused).lower()
    # That an issue has a hundred, the most, no label that is made can help.
    return refused.status in (400, 404, 422) and "label" in words and "more than" not in words
