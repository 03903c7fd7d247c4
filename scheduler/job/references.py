"""An issue or pull request as a job names it: ``#123``, or ``owner/name#123`` of another one."""

from __future__ import annotations

import re

from scheduler.text import REPOSITORY, refusal

NUMBER = re.compile(r"[1-9][0-9]{0,9}")


def parts(ref: str) -> tuple[str, int] | None:
    """The repository ("" is the queue's own) and the number that ``ref`` names; None: neither."""
    repo, mark, number = ref.rpartition("#")
    known = not repo or (REPOSITORY.fullmatch(repo) and not repo.endswith(("/.", "/..")))
    return (repo, int(number)) if mark and known and NUMBER.fullmatch(number) else None


def reference(called: str, text: str) -> str:
    """The canonical text of the issue or pull request in ``text``; a number alone is one too.

    Raises:
        InvalidJob: it is none.
    """
    ref = text.strip()
    found = parts(f"#{ref}" if NUMBER.fullmatch(ref) else ref)
    if found is None:
        fix = "write '#123' in quotes, or 'owner/name#123' of another repository"
        raise refusal(called, text, "is no issue or pull request", fix)
    return f"{found[0]}#{found[1]}"
