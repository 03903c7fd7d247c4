"""`schedule init` in clones of all kinds: whole files or none, and nothing of a person's lost."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduler.cli import init_clone
from scheduler.cli.main import cli
from scheduler.commands.init_source import Installed
from tests.conftest import Result

ACTION = ("--action", "acme/clock@v1")
YES = ("--yes", *ACTION)
WORKFLOW = ".github/workflows/scheduler.yml"
SETTINGS = ".github/scheduler.yml"


@dataclass
class Place:
    """A clone, and the command in it."""

    root: Path

    def git(self, *args: str) -> str:
        names = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
        done = subprocess.run(
            ["git", *names, *args], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "all")

    def files(self) -> set[str]:
        found = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return {path.as_posix() for path in found if path.parts[0] != ".git"}

    def init(self, *args: str, given: str = "") -> Result:
        ran = CliRunner().invoke(cli, ["init", *args], input=given, catch_exceptions=False)
        return Result(ran.exit_code, ran.stdout, ran.stderr)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in [*os.environ]:
        if name.startswith(("GIT_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setattr(init_clone, "installed", lambda: Installed(version="1"))
    made = Place(tmp_path / "clone")
    made.root.mkdir()
    made.git("init", "-q", "-b", "main")
    made.write("README.md", "# Theirs\n")
    made.commit()
    monkeypatch.chdir(made.root)
    return made


def test_one_call_writes_all_that_a_first_job_needs(place: Place) -> None:
    (place.root / "deep").mkdir()
    os.chdir(place.root / "deep")
    done = place.init(*YES)
    assert (done.status, done.err) == (0, "")
    assert place.files() == {
        "README.md", WORKFLOW, SETTINGS, ".github/workflows/agent-message.yml"
    }  # fmt: skip
    assert place.read(WORKFLOW).count("uses: acme/clock@v1\n") == 2
    assert 'workflows: ["agent-message.yml"]' in place.read(SETTINGS)
    assert done.out.splitlines()[-1].endswith("--workflow agent-message.yml --message Hello")


def test_a_second_call_changes_nothing_and_a_third_brings_it_up_to_date(place: Place) -> None:
    place.init(*YES, "--with", "agents-md", "--timezone", "Europe/Berlin")
    before = {path: place.read(path) for path in place.files()}
    again = place.init("--yes", "--json").json
    assert {each["does"] for each in again["files"]} == {"unchanged"}
    assert {path: place.read(path) for path in place.files()} == before
    newer = place.init("--yes", "--action", "acme/clock@v2")
    assert "-      - uses: acme/clock@v1\n+      - uses: acme/clock@v2\n" in newer.out
    assert "clock@v2" in place.read(WORKFLOW)
    assert "clock@v2" in place.read("AGENTS.md")
    assert "timezone: Europe/Berlin" in place.read(SETTINGS)


def test_a_dry_run_writes_nothing(place: Place) -> None:
    done = place.init(*YES, "--dry-run")
    assert done.status == 0
    assert done.out.endswith("nothing was written (--dry-run)\n")
    assert place.files() == {"README.md"}


def test_the_action_can_be_part_of_the_repository_and_leave_it_again(place: Place) -> None:
    assert place.init("--yes", "--vendor", "--json").json["uses"] == "./.github/actions/schedule"
    vendored = {path for path in place.files() if path.startswith(".github/actions/")}
    assert len(vendored) > 100
    assert place.init("--yes", "--json").json["uses"] == "./.github/actions/schedule"
    assert place.init(*YES).status == 0
    assert not {path for path in place.files() if path.startswith(".github/actions/")}


def test_a_task_of_mise_can_be_run(place: Place) -> None:
    place.init(*YES, "--with", "mise")
    task = place.root / ".mise/tasks/schedule"
    assert os.access(task, os.X_OK)
    subprocess.run(["bash", "-n", str(task)], check=True)


def test_without_an_address_it_says_what_to_give(place: Place) -> None:
    place.init("--yes").refused(2, "--action: is missing", "--vendor")
    assert place.files() == {"README.md"}


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_address_comes_from_the_installation_and_its_commit_pins_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Installed(origin="https://github.com/me/clock", commit=COMMIT, tag="v3")
    monkeypatch.setattr(init_clone, "installed", lambda: told)
    assert place.init("--yes", "--pin").status == 0
    assert place.read(WORKFLOW).count(f"uses: me/clock@{COMMIT} # v3\n") == 2
    newer = Installed(origin="https://github.com/me/clock", commit=COMMIT[::-1], tag="v4")
    monkeypatch.setattr(init_clone, "installed", lambda: newer)
    assert place.init("--yes").status == 0
    assert f"uses: me/clock@{COMMIT[::-1]} # v4\n" in place.read(WORKFLOW), "it stays pinned"


def test_a_ref_is_pinned_to_what_its_repository_says(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = place.root.parent / "far" / "acme" / "clock"
    far.parent.mkdir(parents=True)
    place.git("clone", "-q", "--bare", str(place.root), str(far))
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "tag", "-a", "v1",
         "-m", "v1"], cwd=far, check=True,
    )  # fmt: skip
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{far.parents[1]}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    assert place.init(*YES, "--pin").status == 0
    head = place.git("rev-parse", "HEAD").strip()
    assert f"uses: acme/clock@{head} # v1\n" in place.read(WORKFLOW)
    place.init("--yes", "--pin", "--action", "acme/clock@v9").refused(3, "--pin: ", "'v9'")
    place.init("--yes", "--pin", "--action", "acme/none@v1").refused(75, "--pin: ", "@COMMIT")


def test_outside_of_a_clone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.root.parent)
    place.init(*YES).refused(2, "is not in a clone", "git clone")


def test_without_git(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place.root))
    place.init(*YES).refused(2, "git is not installed")


def test_in_a_bare_repository(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.root / ".git")
    place.init(*YES).refused(2, "is not in a clone")


def test_in_a_clone_that_git_does_not_read(place: Place) -> None:
    place.write(".git/config", "[broken\n")
    place.init(*YES).refused(2, "git can't read the clone", "bad config")


def test_in_a_dirty_clone(place: Place) -> None:
    place.write("README.md", "# Changed\n")
    place.init(*YES).refused(3, "'README.md' has changes", "--allow-dirty")
    assert place.files() == {"README.md"}
    assert place.init(*YES, "--allow-dirty").status == 0
    place.git("checkout", "-q", "README.md")
    place.git("add", "-A")
    assert place.init("--yes").status == 0, "what it wrote itself may wait for its commit"


def test_over_files_that_a_person_changed(place: Place) -> None:
    place.init(*YES)
    place.commit()
    mine = place.read(WORKFLOW).replace("ubuntu-slim", "self-hosted")
    place.write(WORKFLOW, mine)
    place.commit()
    place.init("--yes", "--action", "acme/clock@v2").refused(3, f"{WORKFLOW}: was changed since")
    assert place.read(WORKFLOW) == mine
    assert place.init("--yes", "--keep").status == 0
    assert place.read(WORKFLOW) == mine
    replaced = place.init("--yes", "--overwrite")
    assert "-    runs-on: self-hosted" in replaced.out
    assert "self-hosted" not in place.read(WORKFLOW).replace("self-hosted Linux", "")


def test_in_a_repository_with_another_file_of_that_name(place: Place) -> None:
    place.write(WORKFLOW, "name: mine\non: push\n")
    place.commit()
    place.init(*YES).refused(3, f"{WORKFLOW}: was not written by schedule init", "--overwrite")
    assert place.files() == {"README.md", WORKFLOW}


@pytest.mark.parametrize("kind", ["folder", "link", "linked folder"])
def test_where_a_file_is_to_be_something_else_is(place: Place, kind: str, tmp_path: Path) -> None:
    file = place.root / SETTINGS
    if kind == "folder":
        file.mkdir(parents=True)
    elif kind == "link":
        file.parent.mkdir()
        file.symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "elsewhere").mkdir()
        file.parent.symlink_to(tmp_path / "elsewhere")
    said = place.init(*YES, "--allow-dirty")
    said.refused(3, ".github/", "replace it" if kind != "folder" else "rename it")
    assert not (tmp_path / "elsewhere").is_file()


def test_of_files_that_can_not_all_be_written_none_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.init(*YES)
    before = {path: place.read(path) for path in place.files()}
    real = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "SKILL.md":
            raise OSError(28, "No space left on device", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        place.init("--yes", "--action", "acme/clock@v2", "--with", "skill")
    assert {path: place.read(path) for path in place.files()} == before
    assert not (place.root / ".agents").exists()


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://gitlab.example/o/n.git", 2),
        ("https://user:s3cret@other.example/o/n", 2),
        ("git@github.com:o/n.git", 0),
    ],
)
def test_a_remote_that_is_no_github(place: Place, url: str, status: int) -> None:
    place.git("remote", "add", "origin", url)
    done = place.init(*YES)
    assert done.status == status
    if status:
        done.refused(2, "origin: ", "is no repository of github.com", "GITHUB_SERVER_URL")
        assert "s3cret" not in done.err
    else:
        assert "  git push -u origin main\n" in done.out
        assert "GITHUB_REPOSITORY=o/n\n" in done.out


def test_what_git_ignores_would_not_be_pushed(place: Place) -> None:
    place.write(".gitignore", "*.lock\n")
    place.commit()
    lock = ".github/actions/schedule/scheduler/requirements.lock"
    place.init("--yes", "--vendor").refused(3, lock, ".gitignore")
    assert place.init(*YES).status == 0


CONTRADICTIONS = [("--keep", "--overwrite"), ("--vendor", "--pin"), ("--vendor", *ACTION)]


@pytest.mark.parametrize("flags", CONTRADICTIONS)
def test_flags_that_contradict_each_other(place: Place, flags: tuple[str, ...]) -> None:
    place.init("--yes", *flags).refused(2, "init: ", flags[1])


def test_a_person_is_asked_and_sees_what_changes(place: Place) -> None:
    place.write(".github/workflows/nightly.yml", "on: workflow_dispatch\n")
    place.write(SETTINGS, "# mine\n")
    place.commit()
    # the six extras; workflows, role, zone; replace, write
    answers = "n\nn\ny\nn\nn\nn\nnightly.yml\nmaintain\nUTC\ny\ny\n"
    done = place.init(*ACTION, given=answers)
    assert done.status == 0, done.err
    assert "-# mine" in done.err
    assert "What can be dispatched: nightly.yml" in done.err
    assert "AGENTS.md" in place.files()
    for words in ("role: maintain", "timezone: UTC", '["nightly.yml"]'):
        assert words in place.read(SETTINGS)


def test_a_person_is_asked_where_the_action_is_too(place: Place) -> None:
    """Return alone is the default everywhere: a copy of the action, and nothing besides."""
    done = place.init(given="\n" * 10)
    assert done.status == 0, done.err
    assert "(OWNER/NAME@REF)" in done.err
    assert (place.root / ".github/actions/schedule/action.yml").is_file()
    assert place.init(given="\n" * 10).status == 0


def test_without_answers_nothing_is_written(place: Place) -> None:
    done = place.init(*ACTION)
    assert done.status == 2
    assert done.err.splitlines()[-1].endswith("--yes takes the defaults")
    assert place.files() == {"README.md"}


def test_this_installation_says_where_it_comes_from() -> None:
    """Whatever it says, it is said without an error, and in no more than a few calls of git."""
    assert init_clone.installed().version
