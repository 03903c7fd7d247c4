from __future__ import annotations

import pytest

from scheduler.text import choices, did_you_mean, nearest

KNOWN = ("run-at", "timezone", "max-attempts", "Europe/Berlin", "New_York")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("run-at", "run-at"), ("RUN_AT", "run-at"), ("runat", "run-at"), (" run at ", "run-at"),
        ("time-zone", "timezone"), ("max_attempt", "max-attempts"), ("new york", "New_York"),
        ("europe/berlim", "Europe/Berlin"), ("zzzz", None), ("", None), ("run-at" * 9_999, None),
        ("\u202e\x00", None),
    ],
)  # fmt: skip
def test_the_nearest_name_whatever_its_capitals_and_joints(word: str, meant: str | None) -> None:
    assert nearest(word, KNOWN) == meant


def test_how_near_a_name_has_to_be() -> None:
    assert nearest("timez", ("timezone",), cutoff=0.5) == "timezone"
    assert nearest("timez", ("timezone",), cutoff=0.9) is None
    assert nearest("timezone", ()) is None


def test_the_fix_is_a_question_or_what_there_is() -> None:
    assert did_you_mean("run_at", KNOWN, "write one of them") == "did you mean 'run-at'?"
    assert did_you_mean("zzzz", KNOWN, "write one of them") == "write one of them"
    assert did_you_mean("a\x1bb", ("a\x1bbc",), "") == "did you mean 'a\\x1bbc'?"


def test_a_fix_names_what_there_is_and_the_nearest_of_it() -> None:
    files = ("agent-*.yml", "deploy.yml")
    assert choices("deplyo.yml", files, "write one of") == (
        "did you mean 'deploy.yml'? write one of 'agent-*.yml', 'deploy.yml'"
    )
    # Every file ends like the next one.
    assert choices("wake.yml", files, "allowed:") == "allowed: 'agent-*.yml', 'deploy.yml'"
    many = [f"{each}{each}.yml" for each in "abcdefghijkl"]
    assert choices("zz.yml", many, "allowed:").endswith(", 'jj.yml' and 2 more")
