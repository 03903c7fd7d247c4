"""What is to be done to each file of the user's repository, before any of it is done."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from scheduler.commands.init_marks import Whose, checksum, sealed, whose, with_section
from scheduler.errors import Refused
from scheduler.text import line_ends, shown, visible


class Kind(Enum):
    """How a file says that it is ours."""

    SEALED = "by a line of its own"
    SECTION = "by marks around the part of it that is"
    LISTED = "by the list of files beside it"


class Does(Enum):
    """What is done to a file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that is wanted."""

    path: str
    text: str
    kind: Kind = Kind.SEALED
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is done to one file."""

    path: str
    does: Does
    #: What stands there; None: nothing does.
    before: str | None
    #: What will; None: nothing.
    after: str | None
    #: Who wrote what stands there.
    whose: Whose = Whose.OURS
    executable: bool = False

    @property
    def writes(self) -> bool:
        """Whether anything changes."""
        return self.does in (Does.CREATED, Does.UPDATED, Does.REMOVED)

    @property
    def against(self) -> bool:
        """Whether it would do away with what a person wrote."""
        return self.writes and self.whose is not Whose.OURS

    def kept(self) -> Step:
        """The same, with what stands there left alone."""
        return replace(self, does=Does.KEPT, after=self.before)

    def diff(self) -> str:
        """What changes in what is there, as a unified diff; empty: nothing was there."""
        if self.before is None or not self.writes:
            return ""
        before, after = (visible(each or "").splitlines() for each in (self.before, self.after))
        names = (f"a/{self.path}", f"b/{self.path}" if self.after is not None else "/dev/null")
        return "\n".join(difflib.unified_diff(before, after, *names, lineterm=""))


def steps(
    wanted: Iterable[File], standing: Mapping[str, str], listed: Mapping[str, str]
) -> list[Step]:
    """What leads from the files that stand there to those that are wanted.

    ``listed``: the checksums of files that an earlier call wrote, by path; of these, whatever is
    not wanted any more is removed.
    """
    files = [*wanted]
    found = [_step(file, standing.get(file.path), listed.get(file.path)) for file in files]
    for path in sorted({*listed} - {file.path for file in files}):
        if (text := standing.get(path)) is not None:
            ours = Whose.OURS if checksum(text) == listed[path] else Whose.CHANGED
            found.append(Step(path=path, does=Does.REMOVED, before=text, after=None, whose=ours))
    return found


def settled(found: Iterable[Step], *, keep: bool, overwrite: bool) -> list[Step]:
    """The steps, where files of a person's stand in the way.

    Raises:
        Refused: nothing was said about these.
    """
    given = [*found]
    if overwrite:
        return given
    if keep:
        return [each.kept() if each.against else each for each in given]
    others = [each for each in given if each.against]
    if others:
        first, more = others[0], len(others) - 1
        also = f" (and {more} more like it)" if more else ""
        raise Refused(
            f"{first.path}: {first.whose.value}{also}, so nothing is written; --keep leaves what "
            "people wrote, --overwrite replaces it, and a file may be renamed"
        )
    return given


def dirty(changed: Iterable[str], planned: Iterable[Step]) -> None:
    """Make sure that what is not committed yet is at most what was written here before.

    Raises:
        Refused: somebody is at work in the clone.
    """
    ours = {each.path for each in planned if each.whose is Whose.OURS}
    others = [path for path in changed if path not in ours]
    if others:
        also = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise Refused(
            f"clone: {shown(others[0])}{also} has changes that are not committed; commit them or "
            "'git stash', or add --allow-dirty"
        )


def _step(file: File, before: str | None, listed: str | None) -> Step:
    after, ours = _made(file, before, listed)
    if before is None:
        does = Does.CREATED
    else:
        does = Does.UNCHANGED if line_ends(before) == after else Does.UPDATED
    return Step(
        path=file.path, does=does, before=before, after=after, whose=ours,
        executable=file.executable,
    )  # fmt: skip


def _made(file: File, before: str | None, listed: str | None) -> tuple[str, Whose]:
    """The text of the file as it is to be, and whose that was which is replaced by it."""
    if file.kind is Kind.SECTION:
        return with_section(before or "", file.text)
    after = sealed(file.text) if file.kind is Kind.SEALED else file.text
    if before is None or line_ends(before) in (after, file.text):
        return after, Whose.OURS  # copied by hand, it is the same
    if file.kind is Kind.SEALED:
        return after, whose(before)
    if listed is None:
        return after, Whose.FOREIGN
    return after, Whose.OURS if checksum(before) == listed else Whose.CHANGED
