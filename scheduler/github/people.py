"""Who somebody is in the queue's repository, and who did what to an issue."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.github.client import Api
from scheduler.github.objects import acts_of, event_of, items, record, unknown_field, user_of
from scheduler.ports.values import Acts, Event

#: What a server answers that has no GraphQL; GitHub itself answers none of these to a query.
NO_GRAPHQL = frozenset({400, 404, 405, 406, 410, 415, 422, 501})
#: The roles that GitHub defines; an organisation's own are told by ``permission``.
ROLES = frozenset({"none", "read", "triage", "write", "maintain", "admin"})
#: The role that each right of a repository's ``permissions`` shows, from most to least.
RIGHTS = {
    "admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read",
}  # fmt: skip
#: So many events of one issue come with one question about many; it is GitHub's most.
#: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
NEWEST = 100
#: What is asked of each issue. Each kind of event has its own type.
#: https://docs.github.com/en/graphql/reference/enums#issuetimelineitemsitemtype
ACTS = f"""
fragment acts on Issue {{
  lastEditedAt editor {{ __typename login }}
  timelineItems(
    last: {NEWEST}, itemTypes: [
      LABELED_EVENT, UNLABELED_EVENT, CLOSED_EVENT, REOPENED_EVENT, LOCKED_EVENT, UNLOCKED_EVENT
    ]
  ) {{
    nodes {{
      __typename
      ... on LabeledEvent {{ createdAt actor {{ __typename login }} label {{ name }} }}
      ... on UnlabeledEvent {{ createdAt actor {{ __typename login }} label {{ name }} }}
      ... on ClosedEvent {{ createdAt actor {{ __typename login }} }}
      ... on ReopenedEvent {{ createdAt actor {{ __typename login }} }}
      ... on LockedEvent {{ createdAt actor {{ __typename login }} }}
      ... on UnlockedEvent {{ createdAt actor {{ __typename login }} }}
    }}
  }}
}}
"""


class GitHubPeople:
    """The people of the queue's repository."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http

    def role(self, login: str, repo: str | None = None) -> str:
        """The exact role; ``permission`` calls triage read and maintain write.

        In another ``repo`` than the queue's only who may write there is told: else ``Rejected``.
        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        user = urllib.parse.quote(login, safe="")
        try:
            path = f"/repos/{repo or self._api.repository}/collaborators/{user}/permission"
            data = record(self._http.get(path).data)
        except Rejected as refused:
            if refused.status == 404:
                return "none"
            if repo is not None:
                words = f"{refused}; only a token that may write to {repo} is told who may"
                raise Rejected(words, status=refused.status) from refused
            raise self._api.refused(refused, "metadata: read") from refused
        exact = str(data.get("role_name"))
        return str(exact if exact in ROLES else data.get("permission") or "none")

    def acts(self, numbers: Sequence[int]) -> Mapping[int, Acts] | None:
        """What was done to the issues, by one GraphQL query.

        https://docs.github.com/en/graphql/reference/objects#issue
        """
        owner, _, name = self._api.repository.partition("/")
        asked = " ".join(f"i{n}: issue(number: {n}) {{ ...acts }}" for n in numbers)
        query = (
            "query($o: String!, $n: String!) "
            f"{{ repository(owner: $o, name: $n) {{ {asked} }} }}{ACTS}"
        )
        body = {"query": query, "variables": {"o": owner, "n": name}}
        try:
            data = self._http.post(self._http.graphql_url, body).data
        except Rejected as refused:
            if refused.status in NO_GRAPHQL:
                return None
            raise self._api.refused(refused, "issues: read") from refused
        said = record({} if data is None else data)
        told = said.get("data")
        if "errors" not in said and not (isinstance(told, dict) and "repository" in told):
            return None  # GitHub names what it was asked for, or what was wrong
        if unknown_field(said.get("errors")):
            return None
        found = record(record(told or {}).get("repository") or {})
        return {n: acts_of(found[f"i{n}"], NEWEST) for n in numbers if found.get(f"i{n}")}

    def events(self, number: int) -> Sequence[Event] | None:
        """All that was done to the issue.

        https://docs.github.com/en/rest/issues/events#list-issue-events
        """
        path = f"{self._api.here}/issues/{number}/events"
        try:
            pages = [items(answer.data) for answer in self._http.pages(path, {})]
        except Rejected as refused:
            if refused.status in (404, 405, 410, 501):
                return None
            raise self._api.refused(refused, "issues: read") from refused
        return [event_of(each) for page in pages for each in page]

    def own_login(self) -> str | None:
        """The token's login, also where there is no GraphQL; None: it can't be told.

        ``GET /user`` is not for a ``GITHUB_TOKEN``, whose jobs the tick looks after.
        """
        if login := self.viewer():
            return login
        try:
            return user_of(self._http.get("/user").data).login
        except (Rejected, NotPermitted, Unavailable):
            return None

    def own_role(self) -> str | None:
        """The role of the token's account, by what the repository itself tells it; None: nothing.

        https://docs.github.com/en/rest/repos/repos#get-a-repository
        """
        try:
            told = record(self._http.get(self._api.here).data).get("permissions")
        except (Rejected, NotPermitted, Unavailable):
            return None
        if not isinstance(told, Mapping):
            return None
        return next((role for right, role in RIGHTS.items() if told.get(right) is True), "none")

    def viewer(self) -> str | None:
        """The token's login by GraphQL, which a ``GITHUB_TOKEN`` may ask."""
        query = {"query": "query { viewer { login } }"}
        try:
            data = self._http.post(self._http.graphql_url, query).data
            login = data["data"]["viewer"]["login"]
        except (Rejected, Unavailable, NotPermitted, KeyError, TypeError):
            return None
        return str(login) if login else None
