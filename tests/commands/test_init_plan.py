"""What is done to each file: never is anything of a person's done away with unasked."""

from __future__ import annotations

import pytest

from scheduler.commands.init_marks import checksum, sealed
from scheduler.commands.init_plan import Does, File, Kind, Step, dirty, settled, steps
from scheduler.errors import Refused

FILE = File(path="a.yml", text="name: new\n")
LISTED = File(path="b.py", text="new\n", kind=Kind.LISTED)
OLD = sealed("name: old\n")

#: The file that is wanted, what stands there, its listed checksum; what is done, and against whom.
CASES: dict[str, tuple[File, str | None, str | None, Does, bool]] = {
    "nothing there": (FILE, None, None, Does.CREATED, False),
    "as it was written": (FILE, OLD, None, Does.UPDATED, False),
    "the same": (FILE, sealed(FILE.text), None, Does.UNCHANGED, False),
    "the same with other line ends": (
        FILE, sealed(FILE.text).replace("\n", "\r\n"), None, Does.UNCHANGED, False),
    "the same, copied by hand": (FILE, FILE.text, None, Does.UPDATED, False),
    "changed": (FILE, f"{OLD}more: 1\n", None, Does.UPDATED, True),
    "somebody's": (FILE, "name: mine\n", None, Does.UPDATED, True),
    "listed": (LISTED, "old\n", checksum("old\n"), Does.UPDATED, False),
    "listed and changed": (LISTED, "mine\n", checksum("old\n"), Does.UPDATED, True),
    "not listed": (LISTED, "mine\n", None, Does.UPDATED, True),
    "not listed, and the same": (LISTED, "new\n", None, Does.UNCHANGED, False),
}  # fmt: skip


def planned(file: File, before: str | None, listed: str | None) -> Step:
    standing = {} if before is None else {file.path: before}
    (step,) = steps([file], standing, {} if listed is None else {file.path: listed})
    return step


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_done_to_a_file(case: tuple[File, str | None, str | None, Does, bool]) -> None:
    file, before, listed, does, against = case
    step = planned(file, before, listed)
    assert (step.does, step.against) == (does, against)
    assert bool(step.diff()) == (does is Does.UPDATED)


def test_what_is_wanted_no_more_is_removed_if_nobody_changed_it() -> None:
    listed = {"x.py": checksum("x\n"), "y.py": checksum("y\n"), "gone.py": "0"}
    found = steps([], {"x.py": "x\n", "y.py": "mine\n"}, listed)
    assert [(each.path, each.does, each.against) for each in found] == [
        ("x.py", Does.REMOVED, False),
        ("y.py", Does.REMOVED, True),
    ]
    assert "-x" in found[0].diff()


def test_what_people_wrote_stops_all_until_somebody_says_what_becomes_of_it() -> None:
    found = [planned(FILE, "name: mine\n", None), planned(LISTED, None, None)]
    with pytest.raises(Refused, match=r"^a\.yml: was not written by schedule init, so nothing"):
        settled(found, keep=False, overwrite=False)
    assert settled(found, keep=False, overwrite=True) == found
    kept, made = settled(found, keep=True, overwrite=False)
    assert (kept.does, kept.after, made) == (Does.KEPT, "name: mine\n", found[1])


def test_only_what_was_written_here_may_be_uncommitted() -> None:
    found = [planned(FILE, OLD, None)]
    dirty(["a.yml"], found)
    with pytest.raises(Refused, match=r"clone: 'src/b.py' and 1 more has changes"):
        dirty(["a.yml", "src/b.py", "c"], found)


def test_a_difference_shows_nothing_that_moves_a_cursor() -> None:
    assert "\x1b" not in planned(FILE, "name: \x1b[2J\n", None).diff()
