"""Who somebody is in the queue's repository, and who did what to an issue."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.gateway import Edit, Labelled
from scheduler.github_http import GitHub
from scheduler.github_objects import edit_of, items, labelled_of, record, user_of
from scheduler.github_repository import GitHubRepository

#: What a server answers that has no GraphQL; GitHub itself answers none of these to a query.
NO_GRAPHQL = frozenset({400, 404, 405, 406, 410, 415, 422, 501})
#: The roles that GitHub defines; an organisation's own are told by ``permission``.
ROLES = frozenset({"none", "read", "triage", "write", "maintain", "admin"})


class GitHubPeople(GitHubRepository):
    """The people of a repository whose issues with one label are the queue."""

    def __init__(self, http: GitHub, *, repository: str, label: str) -> None:
        super().__init__(http, repository=repository)
        self.label = label

    def role(self, login: str, repo: str | None = None) -> str:
        """The exact role; ``permission`` calls triage read and maintain write.

        In another ``repo`` than the queue's only who may write there is told: else ``Rejected``.
        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        user = urllib.parse.quote(login, safe="")
        try:
            path = f"/repos/{repo or self.repository}/collaborators/{user}/permission"
            data = record(self.http.get(path).data)
        except Rejected as refused:
            if refused.status == 404:
                return "none"
            if repo is not None:
                words = f"{refused}; only a token that may write to {repo} is told who may"
                raise Rejected(words, status=refused.status) from refused
            raise self.refused(refused, "metadata: read") from refused
        exact = str(data.get("role_name"))
        return str(exact if exact in ROLES else data.get("permission") or "none")

    def edits(self, numbers: Sequence[int]) -> Mapping[int, Edit] | None:
        """The last changes of the issues' bodies, by one GraphQL query.

        https://docs.github.com/en/graphql/reference/objects#issue
        """
        owner, _, name = self.repository.partition("/")
        fields = "lastEditedAt editor { __typename login }"
        asked = " ".join(f"i{n}: issue(number: {n}) {{ {fields} }}" for n in numbers)
        query = (
            f"query($o: String!, $n: String!) {{ repository(owner: $o, name: $n) {{ {asked} }} }}"
        )
        body = {"query": query, "variables": {"o": owner, "n": name}}
        try:
            data = self.http.post(self.http.graphql_url, body).data
        except Rejected as refused:
            if refused.status in NO_GRAPHQL:
                return None
            raise self.refused(refused, "issues: read") from refused
        said = record({} if data is None else data)
        told = said.get("data")
        if "errors" not in said and not (isinstance(told, dict) and "repository" in told):
            return None  # GitHub names what it was asked for, or what was wrong
        found = record(record(told or {}).get("repository") or {})
        return {n: edit_of(found[f"i{n}"]) for n in numbers if found.get(f"i{n}")}

    def labelled(self, number: int) -> Labelled | None:
        """Who last put the queue's label on the issue.

        https://docs.github.com/en/rest/issues/events#list-issue-events
        """
        found = None
        try:
            for answer in self.http.pages(f"/repos/{self.repository}/issues/{number}/events", {}):
                for event in items(answer.data):
                    name = str(record(event.get("label") or {}).get("name") or "")
                    if event.get("event") == "labeled" and name.lower() == self.label.lower():
                        found = labelled_of(event)
        except Rejected as refused:
            if refused.status in (404, 410):
                return None
            raise self.refused(refused, "issues: read") from refused
        return found

    def own_login(self) -> str | None:
        """The token's login, also where there is no GraphQL; None: it can't be told.

        ``GET /user`` is not for a ``GITHUB_TOKEN``, whose jobs the tick looks after.
        """
        if login := self.viewer():
            return login
        try:
            return user_of(self.http.get("/user").data).login
        except (Rejected, NotPermitted, Unavailable):
            return None

    def viewer(self) -> str | None:
        """The token's login by GraphQL, which a ``GITHUB_TOKEN`` may ask."""
        query = {"query": "query { viewer { login } }"}
        try:
            data = self.http.post(self.http.graphql_url, query).data
            login = data["data"]["viewer"]["login"]
        except (Rejected, Unavailable, NotPermitted, KeyError, TypeError):
            return None
        return str(login) if login else None
