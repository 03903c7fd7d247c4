"""How the end of a run is said to people: in the journal, in a series' table, in a comment.

The words are GitHub's, and two of the scheduler's own.
https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
"""

from __future__ import annotations

from collections.abc import Sequence

from scheduler.text import code

#: Of a run that ended without a single job, and of one of which the end can't be told any more.
NEVER, UNTOLD = "never ran", "unknown"
#: How a run ends that did what it was to do, and one that did not.
WELL = frozenset({"success", "neutral", "skipped"})
BADLY = frozenset(
    {"failure", "cancelled", "timed_out", "startup_failure", "action_required", "stale", NEVER}
)


def symbol(conclusion: str) -> str:
    """The sign for a run's end; of one that is under way, that it was started."""
    if conclusion in BADLY:
        return "❌"
    return "✅" if conclusion in WELL or not conclusion else "❔"


def shown(conclusion: str) -> str:
    """The word for a run's end in a cell of a table; what is unknown is so of the run alone."""
    return "dispatched, end unknown" if conclusion == UNTOLD else conclusion


def took(seconds: float | None) -> str:
    """How long a run was under way, for people; empty: that is not told."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"after {seconds:.0f} s"
    return f"after {seconds / 60:.0f} min" if seconds < 5400 else f"after {seconds / 3600:.1f} h"


def sentence(conclusion: str, took_s: float | None, told: str) -> str:
    """The end of a run as a sentence of Markdown; empty: it is not known yet."""
    if not conclusion:
        return ""
    said = f": {code(told)}" if told else ""
    if conclusion == UNTOLD:
        return f"What the run came to is not known{said}."
    if conclusion == NEVER:
        return f"The run never ran: it ended without a single job{said}."
    return f"{' '.join(filter(None, ('The run ended', took(took_s))))}: {code(conclusion)}{said}."


def failed_comment(
    head: str,
    *,
    number: int,
    run: str,
    target: str,
    conclusion: str,
    took_s: float | None = None,
    told: str = "",
    reasons: Sequence[str] = (),
    series: bool = False,
    pauses: str = "",
) -> str:
    """The comment that tells of a run that failed, below the hidden line ``head``.

    ``run`` is Markdown that names the run; ``reasons`` are what likely kept it from its first step.
    """
    ended = " ".join(filter(None, ("ended", took(took_s))))
    said = f" ({code(told)})" if told else ""
    what = (
        f"❌ This job was started, and its run failed: {run} of {code(target)} {ended} "
        f"{'without a single job' if conclusion == NEVER else f'with {code(conclusion)}'}{said}."
    )
    lines = [head, what]
    if reasons:
        lines += ["", "Likely, the first of these that is true:", ""]
        lines += [f"{place}. {reason}" for place, reason in enumerate(reasons, start=1)]
    again = f"comments {code('/retry')}, or says {code(f'schedule retry {number}')}"
    lines += ["", f"Whoever may schedule jobs here {again}, to have it run again."]
    if pauses:
        lines += [f"⏸ {code(pauses)}. Comment {code('/resume')} once that is mended."]
    elif series:
        lines += ["The series goes on. If it fails again right after this, its table says so."]
    return "\n".join(lines)
