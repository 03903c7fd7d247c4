from __future__ import annotations

import pytest

from scheduler.journal.ends import BADLY, WELL, failed_comment, sentence, shown, symbol, took


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.4, "after 0 s"),
        (89, "after 89 s"),
        (90, "after 2 min"),
        (7200, "after 2.0 h"),
    ],
)  # fmt: skip
def test_how_long_it_took(seconds: float | None, words: str) -> None:
    assert took(seconds) == words


def test_the_sign_for_an_end() -> None:
    assert {symbol(word) for word in BADLY} == {"❌"}
    assert {symbol(word) for word in WELL} == {symbol("")} == {"✅"}
    assert symbol("unknown") == symbol("a word to come") == "❔"
    assert (shown("failure"), shown("unknown")) == ("failure", "dispatched, end unknown")


@pytest.mark.parametrize(
    ("word", "seconds", "told", "said"),
    [
        ("", None, "", ""),
        ("success", 5.0, "", "The run ended after 5 s: `success`."),
        ("cancelled", None, "too long", "The run ended: `cancelled`: `too long`."),
        ("unknown", None, "gone", "What the run came to is not known: `gone`."),
        ("never ran", 0.0, "", "The run never ran: it ended without a single job."),
    ],
)
def test_an_end_in_a_sentence(word: str, seconds: float | None, told: str, said: str) -> None:
    assert sentence(word, seconds, told) == said


def test_the_comment_that_tells_of_a_failure() -> None:
    told = failed_comment(
        "<!-- hidden -->", number=42, run="[run 7](there)", target="octo/queue run.yml@main",
        conclusion="failure", took_s=61.0,
    )  # fmt: skip
    assert told == (
        "<!-- hidden -->\n"
        "❌ This job was started, and its run failed: [run 7](there) of "
        "`octo/queue run.yml@main` ended after 61 s with `failure`.\n\n"
        "Whoever may schedule jobs here comments `/retry`, or says `schedule retry 42`, "
        "to have it run again."
    )


def test_what_never_ran_has_likely_reasons_in_their_order_and_no_text_mentions_anybody() -> None:
    told = failed_comment(
        "", number=1, run="its run", target="@all <b>", conclusion="never ran", told="@all",
        reasons=("this", "that"), series=True,
    )  # fmt: skip
    assert "ended without a single job (`@all`)." in told
    assert "`@all <b>`" in told
    assert "\n1. this\n2. that\n" in told
    assert told.endswith("its table says so.")
