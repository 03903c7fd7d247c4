"""What the scheduler's account has written of late, in this process and in others.

GitHub's limits on content count an account's comments, whoever sends them; each tick is a
process of its own, and knows only what it has written itself.
"""

from __future__ import annotations

import itertools
from datetime import timedelta

from scheduler.errors import SchedulerError
from scheduler.github.client import GitHub
from scheduler.github.objects import comment_of, issue_of, items
from scheduler.ports.values import Comment
from scheduler.times.instants import format_instant
from scheduler.times.pace import HOUR

#: So many comments a process writes before it looks at those of the last hour, and at so many
#: pages of them: of its own account there are five at most.
AT, PAGES = 10, 5


class Written:
    """The comments of one account in one repository's issues."""

    def __init__(self, http: GitHub, *, repository: str) -> None:
        self._http = http
        self._path = f"/repos/{repository}/issues/comments"
        self._ids: set[int] = set()
        self._login = ""
        self._looked = False

    def wrote(self, comment: Comment) -> None:
        """Remember a comment that was written here, and as whom."""
        self._ids.add(comment.id)
        self._login = comment.author.login

    def room(self, writes: int) -> float:
        """Seconds until GitHub takes so many more; 0: at once.

        Whoever writes much looks once at what the account wrote before.
        """
        if len(self._ids) >= AT and not self._looked:
            self._looked = True
            self._look_back()
        return self._http.pace.room(self._http.clock.monotonic(), writes)

    def _look_back(self) -> None:
        # https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
        now = self._http.clock.now()
        since = now - timedelta(seconds=HOUR)
        params = {"since": format_instant(since), "sort": "created", "direction": "desc"}
        found: list[Comment] = []
        try:
            for answer in itertools.islice(self._http.pages(self._path, params), PAGES):
                found += [comment_of(each, issue_of(each)) for each in items(answer.data)]
                if found and found[-1].created_at < since:
                    break
        except SchedulerError:
            return  # without it, GitHub's own answer has to do
        steady = self._http.clock.monotonic()
        ages = (
            (now - each.created_at).total_seconds()
            for each in found
            if each.author.login == self._login and each.id not in self._ids
        )
        self._http.pace.seen(steady - max(age, 0.0) for age in ages if age < HOUR)
