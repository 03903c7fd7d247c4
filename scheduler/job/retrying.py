"""What a job says of trying its run again: after which outcomes, how often, and how long after."""

from __future__ import annotations

from datetime import timedelta

from scheduler.text import did_you_mean, refusal
from scheduler.times import instants

#: The longest pause before a run is tried again; the pauses double up to it.
LONGEST_PAUSE = timedelta(days=1)
#: The first pause of a job that states none.
PAUSE = timedelta(minutes=1)
#: What GitHub calls the end of a run, but for ``success``, and what the scheduler calls the end
#: of one that had no job.
#: https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
WORDS = (
    "failure", "cancelled", "timed_out", "startup_failure", "action_required", "neutral",
    "skipped", "stale", "never ran",
)  # fmt: skip
#: After which outcomes a run is tried again, if the job does not say.
ON = ("failure", "timed_out", "startup_failure")


def words(called: str, text: str) -> tuple[str, ...]:
    """The outcomes in ``text``, with commas between; each once, in its order.

    Raises:
        InvalidJob: one is no such outcome; the message names the nearest.
    """
    found = [" ".join(part.split()) for part in text.split(",")]
    for word in found:
        if word not in WORDS:
            known = f"write some of: {', '.join(WORDS)}"
            fix = did_you_mean(word, WORDS, known) if word and word != "success" else known
            problem = "has nothing between two commas" if not word else "is no outcome to try again"
            raise refusal(called, word or text, problem, fix)
    return tuple(dict.fromkeys(found))


def pause(called: str, text: str) -> timedelta:
    """How long after the end of a run the next may start; none at all is a length too.

    Raises:
        InvalidJob: it is no duration, or too long.
    """
    found = instants.duration(text, field=called, allow_zero=True)
    if found > LONGEST_PAUSE:
        raise refusal(called, text, "is longer than a day", "write a shorter one, such as 5m")
    return found
