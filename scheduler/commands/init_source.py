"""Where the action is to be had: ``owner/name@ref``, from what is known of this installation.

https://packaging.python.org/en/latest/specifications/direct-url/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from scheduler.errors import UsageError
from scheduler.job import strict_json
from scheduler.text import REPOSITORY, shown

#: A git branch, tag or commit as `uses:` may name it; none that a shell or YAML would change.
_REF = re.compile(r"[A-Za-z0-9_](?:[./]?[A-Za-z0-9_+-]){0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_RELEASE = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}")
_USES = re.compile(r"uses: ([\w.-]{1,100}/[\w.-]{1,100}@[\w./+-]{1,200})(?: # ([\w./+-]{1,200}))?$",
                   re.MULTILINE)  # fmt: skip

WHERE = "say where the action is: --action OWNER/NAME@REF, or --vendor to copy it into this one"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A repository that holds the action, and which state of it."""

    #: ``owner/name``.
    repository: str
    #: A branch, a tag or a commit.
    ref: str
    #: The commit that it is, if that is known.
    commit: str | None = None
    #: Whether ``uses:`` names the commit.
    pinned: bool = False

    @property
    def uses(self) -> str:
        """What ``uses:`` says, without a comment: what it names."""
        return f"{self.repository}@{self.commit if self.pinned and self.commit else self.ref}"

    @property
    def noted(self) -> str:
        """The same with the name of what is pinned behind it."""
        named = self.pinned and self.commit not in (None, self.ref)
        return f"{self.uses} # {self.ref}" if named else self.uses

    def pin(self, commit: str) -> Source:
        """The same at this commit, whatever the ref means later."""
        return replace(self, commit=commit, pinned=True)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What this installation says of where it comes from."""

    #: Its version.
    version: str = ""
    #: The text of its ``direct_url.json``; empty: it has none, as it came from an index.
    direct_url: str = ""
    #: The addresses of the project.
    urls: tuple[str, ...] = ()
    #: Of the clone that it runs from: the address of ``origin``, the commit and its tag.
    origin: str = ""
    commit: str = ""
    tag: str = ""


def named(text: str) -> Source:
    """The source that ``--action`` gives.

    Raises:
        UsageError: it is no ``OWNER/NAME@REF``.
    """
    repository, _, ref = text.partition("@")
    if not REPOSITORY.fullmatch(repository) or not _REF.fullmatch(ref):
        fix = "write OWNER/NAME@REF, where REF is a tag, a branch or a commit"
        raise UsageError(f"--action: {shown(text)} is not the address of an action; {fix}")
    return Source(repository=repository, ref=ref, commit=ref if _COMMIT.fullmatch(ref) else None)


def of_installation(installed: Installed, host: str) -> Source | None:
    """Where this was installed from, on the GitHub at ``host``; None: that can't be told."""
    direct = _direct(installed.direct_url, host)
    if direct is not None:
        return direct
    if _RELEASE.fullmatch(installed.version):
        for url in installed.urls:
            if repository := repository_of(url, host):
                return Source(repository=repository, ref=f"v{installed.version}")
    repository = repository_of(installed.origin, host)
    ref = installed.tag or installed.commit
    if repository is None or not _REF.fullmatch(ref):
        return None
    return Source(repository=repository, ref=ref, commit=installed.commit or None)


def in_use(workflow: str) -> Source | None:
    """The source that a workflow of ours names; None: none, or it is part of the repository."""
    found = [each for each in _USES.finditer(workflow) if not each[1].startswith("actions/")]
    if not found:
        return None
    repository, _, ref = found[-1][1].partition("@")
    commit = ref if _COMMIT.fullmatch(ref) else None
    name = found[-1][2] or ref
    return Source(repository=repository, ref=name, commit=commit, pinned=commit is not None)


def newest(before: Source | None, now: Source | None) -> Source | None:
    """What is to be used, where nobody says so: another repository than before is not."""
    if before is None or now is None:
        return before or now
    if before.repository.lower() != now.repository.lower():
        return before
    return replace(now, pinned=before.pinned)


def repository_of(url: str, host: str) -> str | None:
    """The ``owner/name`` that a git address or a page's means on ``host``; None: it means none."""
    url = url.removeprefix("git+")
    where, _, path = url.partition(":")  # git@github.com:owner/name
    where = where.rpartition("@")[2]
    if "://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        where, path = parts.netloc.rpartition("@")[2], parts.path
        if parts.scheme == "ssh":
            where = where.partition(":")[0]
    name = path.strip("/").removesuffix(".git")
    # Of an address of ssh, a host without a dot is a name of one's own for another.
    alias = "." not in where and url.startswith(("git@", "ssh://git@"))
    if not alias and where.lower() not in (host.lower(), f"ssh.{host}".lower()):
        return None
    return name if REPOSITORY.fullmatch(name) else None


def _direct(text: str, host: str) -> Source | None:
    if not text:
        return None
    try:
        data = strict_json.load(text)
    except (ValueError, RecursionError):
        return None
    data = data if isinstance(data, dict) else {}
    info: Any = data.get("vcs_info")
    info = info if isinstance(info, dict) else {}
    repository = repository_of(str(data.get("url") or ""), host)
    commit = str(info.get("commit_id") or "")
    ref = str(info.get("requested_revision") or commit)
    if repository is None or not _COMMIT.fullmatch(commit) or not _REF.fullmatch(ref):
        return None
    return Source(repository=repository, ref=ref, commit=commit)
