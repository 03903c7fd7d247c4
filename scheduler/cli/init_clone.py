"""The clone of the user's repository: read and written as files, and asked by git."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from urllib.parse import urlsplit

import scheduler
from scheduler.commands.init import Clone
from scheduler.commands.init_plan import Step
from scheduler.commands.init_source import Installed, repository_of
from scheduler.errors import Refused, Unavailable, UsageError
from scheduler.text import shown, visible

#: How long a server of git may take, in seconds.
PATIENCE = 60
#: How git begins to say that a folder is in no clone, or in one without a work tree.
NOT_HERE = ("fatal: not a git repository", "fatal: this operation must be run in a work tree")
#: The distribution that this package comes in.
DISTRIBUTION = "issue-scheduler"


@dataclass
class WorkTree:
    """The work tree that a folder is in."""

    root: Path
    #: What was written, and what stood there before: put back where writing goes wrong.
    _undone: list[tuple[Path, bytes | None]] = field(default_factory=list)

    @classmethod
    def at(cls, folder: Path) -> WorkTree:
        """The work tree around ``folder``.

        Raises:
            UsageError: there is none, or no git.
        """
        done = _run(folder, "rev-parse", "--show-toplevel")
        root = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
        why = done.stderr.decode("utf-8", "replace").partition("\n")[0]
        if done.returncode and not why.startswith(NOT_HERE):
            raise UsageError(f"init: git can't read the clone at {shown(folder)} ({visible(why)})")
        if not root:
            fix = "go into a clone of the repository that is to be set up ('git clone …')"
            raise UsageError(f"init: {shown(folder)} is not in a clone; {fix}")
        return cls(root=Path(root))

    def repository(self, server: str) -> str:
        """The ``owner/name`` that it is pushed to; empty: nowhere.

        Raises:
            UsageError: where it is pushed to is no GitHub.
        """
        names = sorted((git(self.root, "remote") or "").splitlines(), key=lambda n: n != "origin")
        urls = [git(self.root, "remote", "get-url", name) or "" for name in names]
        host = urlsplit(server).netloc
        found = next(filter(None, (repository_of(url, host) for url in urls)), "")
        if names and not found:
            fix = "set GITHUB_SERVER_URL=https://HOST where it is a GitHub of your own"
            url = urls[0].rpartition("@")[2]
            raise UsageError(f"{names[0]}: {shown(url)} is no repository of {host}; {fix}")
        return found

    def read(self, paths: Iterable[str]) -> dict[str, str]:
        """The texts of those of these files that are there.

        Raises:
            Refused: what stands there is no file, or is somewhere else.
        """
        found = {}
        for path in paths:
            file = self._place(path)
            if os.path.lexists(file):
                found[path] = self._text(file)
        return found

    def workflows(self) -> dict[str, str]:
        """The texts of all workflows, by the names of their files."""
        folder = self.root / ".github" / "workflows"
        files = sorted(folder.glob("*.y*ml")) if folder.is_dir() else ()
        return {file.name: self._text(file) for file in files if file.is_file()}

    def changed(self) -> list[str]:
        """The files that git knows and that differ from the last commit."""
        said = git(
            self.root, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames"
        )
        return [entry[3:] for entry in (said or "").split("\0") if entry[3:]]

    def ignored(self, paths: Sequence[str]) -> list[str]:
        """Those of these files that a .gitignore keeps out."""
        said = git(self.root, "check-ignore", "-z", "--stdin", given="\0".join(paths))
        return [path for path in (said or "").split("\0") if path]

    def branches(self) -> tuple[str, str]:
        """The branch that is checked out, and the default branch of origin; empty: unknown."""
        own = git(self.root, "symbolic-ref", "--short", "-q", "HEAD") or ""
        far = git(self.root, "symbolic-ref", "--short", "-q", "refs/remotes/origin/HEAD") or ""
        return own, far.removeprefix("origin/")

    def clone(self, paths: Iterable[str], server: str) -> Clone:
        """What stands in it."""
        branch, default = self.branches()
        return Clone(
            files=self.read(paths), workflows=self.workflows(),
            repository=self.repository(server), gh=shutil.which("gh") is not None,
            branch=branch, default_branch=default,
        )  # fmt: skip

    def carry_out(self, steps: Iterable[Step]) -> None:
        """Write and remove files: all of them, or none.

        Raises:
            OSError: one can't be written; what was written before it is as it was.
        """
        try:
            for step in steps:
                if step.writes:
                    self._write(self._place(step.path), step)
        except BaseException:
            for file, before in reversed(self._undone):
                _put_back(file, before)
            raise
        finally:
            self._undone.clear()

    def _write(self, file: Path, step: Step) -> None:
        before = file.read_bytes() if step.before is not None else None
        if step.after is None:
            self._undone.append((file, before))
            file.unlink()
            return
        for folder in [*file.parents][::-1]:
            if not folder.exists():
                self._undone.append((folder, None))
                folder.mkdir()
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        self._undone.append((draft, None))
        draft.write_bytes(step.after.encode("utf-8", "surrogateescape"))
        if before is not None:
            draft.chmod(file.stat().st_mode)
        if step.executable:
            draft.chmod(draft.stat().st_mode | 0o111)
        self._undone.append((file, before))
        draft.replace(file)

    def _place(self, path: str) -> Path:
        file = self.root / path
        real = file.parent.resolve()
        if not real.is_relative_to(self.root.resolve()) or file.is_symlink():
            raise Refused(f"{path}: is a link to somewhere else; replace it by a file of its own")
        return file

    def _text(self, file: Path) -> str:
        if not file.is_file():
            name = file.relative_to(self.root)
            raise Refused(f"{name}: is no file, and one is to be written there; rename it")
        return file.read_bytes().decode("utf-8", "surrogateescape")


def _put_back(file: Path, before: bytes | None) -> None:
    if before is not None:
        file.write_bytes(before)
    elif file.is_dir():
        file.rmdir()
    else:
        file.unlink(missing_ok=True)


def git(folder: Path, *arguments: str, given: str = "") -> str | None:
    """What git says, without the line's end; None: it fails.

    Raises:
        UsageError: there is no git.
    """
    done = _run(folder, *arguments, given=given)
    said = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    return None if done.returncode else said


def _run(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("git")
    if program is None:
        raise UsageError("init: git is not installed; install it with the system's packages")
    return subprocess.run(  # noqa: S603 - a list, and no shell
        [program, "-C", str(folder), *arguments],
        input=given.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
    )


def commit_of(repository: str, ref: str, server: str) -> str:
    """The commit that a tag or a branch of ``repository`` is now.

    Raises:
        Unavailable: the server does not say.
        Refused: there is no such ref.
    """
    url = f"{server}/{repository}"
    try:
        said = git(Path.cwd(), "ls-remote", url, ref, f"{ref}^{{}}")
    except subprocess.TimeoutExpired:
        said = None
    give = "give the commit itself: --action OWNER/NAME@COMMIT"
    if said is None:
        raise Unavailable(f"--pin: {url} does not say which commit {shown(ref)} is; {give}")
    # An annotated tag is listed twice: as itself, and as the commit that it names.
    lines = sorted((line.split("\t") for line in said.splitlines()), key=lambda each: each[1])
    if not lines:
        raise Refused(f"--pin: {url} has no tag and no branch {shown(ref)}; {give}")
    tags = [commit for commit, name in lines if name.startswith(f"refs/tags/{ref}")]
    return tags[-1] if tags else lines[0][0]


def installed() -> Installed:
    """What this installation says of where it comes from."""
    place = Path(scheduler.__file__).resolve().parents[1]
    origin = commit = tag = ""
    if (place / "action.yml").is_file() and git(place, "rev-parse", "--show-toplevel") == str(
        place
    ):
        origin = git(place, "remote", "get-url", "origin") or ""
        commit = git(place, "rev-parse", "HEAD") or ""
        tag = git(place, "describe", "--tags", "--exact-match", "HEAD") or ""
    try:
        about = Distribution.from_name(DISTRIBUTION)
    except PackageNotFoundError:
        return Installed(origin=origin, commit=commit, tag=tag)
    urls = [each.partition(",")[2].strip() for each in about.metadata.get_all("Project-URL") or ()]
    return Installed(
        version=visible(about.version), direct_url=about.read_text("direct_url.json") or "",
        urls=tuple(urls), origin=origin, commit=commit, tag=tag,
    )  # fmt: skip
