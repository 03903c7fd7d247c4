"""Who calls: users with a role in each repository, and their tokens."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

ROLES = ("none", "read", "triage", "write", "maintain", "admin")
"""Repository roles, weakest first.

https://docs.github.com/organizations/managing-user-access-to-your-organizations-repositories
"""

BOT = "github-actions[bot]"
"""The author of everything that is done with a ``GITHUB_TOKEN``."""

ROLE_OF = {"owner": "admin", "agent": "write", "triage": "triage", "stranger": "read"}
"""The people of every sandbox, and their role in its repositories."""


@dataclass(frozen=True, kw_only=True)
class User:
    """One account. kind: ``User``, ``Bot`` or ``Organization``."""

    id: int
    login: str
    kind: str = "User"


@dataclass(kw_only=True)
class Token:
    """One credential and what it reaches.

    repository: ``owner/name`` of the only repository it may write to; ``None`` for all.
    permissions: permission name → ``none``, ``read`` or ``write``; ``None`` leaves it
        to the user's role. What a mapping does not name is ``none``, but ``metadata``.
    expires_at: from this instant (UTC) on GitHub answers 401.
    integration: a token of GitHub Actions or an App, not of a person.
    """

    user: User
    repository: str | None = None
    permissions: Mapping[str, str] | None = None
    expires_at: datetime | None = None
    integration: bool = False
    text: str = field(repr=False, default="")

    def __post_init__(self) -> None:
        if not self.text:
            self.text = ("ghs_" if self.integration else "ghp_") + secrets.token_hex(18)

    def may(self, permission: str, level: str) -> bool:
        """Whether the token itself, whoever holds it, carries the permission."""
        if self.permissions is None:
            return True
        held = self.permissions.get(permission, "read" if permission == "metadata" else "none")
        return held in ("write", level)

    def refusal(self) -> str:
        """GitHub's words for a permission that the token lacks."""
        kind = "integration" if self.integration else "personal access token"
        return f"Resource not accessible by {kind}"


def at_least(role: str, least: str) -> bool:
    """Whether ``role`` includes ``least``."""
    return ROLES.index(role) >= ROLES.index(least)
