from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import InvalidJob
from scheduler.job import retrying


@pytest.mark.parametrize("word", retrying.WORDS)
def test_each_outcome_is_a_word(word: str) -> None:
    assert retrying.words("x", word) == (word,)


def test_a_list_has_each_word_once_in_its_order() -> None:
    assert retrying.words("x", " never  ran,failure , never ran") == ("never ran", "failure")
    assert set(retrying.ON) < set(retrying.WORDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("never", "x: 'never' is no outcome to try again; did you mean 'never ran'?"),
        ("timed-out", "x: 'timed-out' is no outcome to try again; did you mean 'timed_out'?"),
        ("failure,,stale", "x: 'failure,,stale' has nothing between two commas; write some of: "),
        ("success", "x: 'success' is no outcome to try again; write some of: failure, "),
        ("Failure", "x: 'Failure' is no outcome to try again; did you mean 'failure'?"),
    ],
)
def test_what_is_no_outcome_to_try_again(text: str, said: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        retrying.words("x", text)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("5m", 300), ("1d", 86_400)])
def test_a_pause_may_be_none_and_a_day(text: str, seconds: int) -> None:
    assert retrying.pause("x", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["-1s", "24h1s", "soon", "5"])
def test_what_is_no_pause(text: str) -> None:
    with pytest.raises(InvalidJob, match=r"^x: "):
        retrying.pause("x", text)
