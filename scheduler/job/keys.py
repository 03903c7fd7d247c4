"""The keys of a job, one row each.

What an issue's front matter, the options of ``schedule create``, a request in JSON and the form
in the Actions tab may say of a job stands here and nowhere else: the parser, the renderer, the
signature, the options, their help and the README's table are made of these rows. A new key is a
row here, the field of the same name of `Job`, and whatever acts on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scheduler.job import readers
from scheduler.job.model import Job
from scheduler.job.readers import LONGEST_NAME, Reader
from scheduler.text import line, refusal

#: The most instants that a series with a count may have: they are counted from its start.
MOST_INSTANTS = 10_000
#: The most times that one run is tried again, and the most failures before a series pauses: its
#: journal holds not many more.
MOST_RETRIES, MOST_FAILURES = 10, 100
MISFIRE, OVERLAP = ("skip", "latest", "all"), ("allow", "skip")
#: When the issue or pull request that a job names is told what became of its run.
REPLY = ("failure", "always")
RULES = ("cron", "rrule", "every")


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of a job: what it is called, how its text is read, and what it means."""

    #: Its name in front matter; in a request of JSON, and of the job's field, ``_`` joins it.
    name: str
    #: Reads its text; of a key of `many` values, one of them.
    read: Reader
    #: What the help of its option shows for a value, and says of it in one line.
    metavar: str = ""
    help: str = ""
    #: What holds without it, as the help of its option shows it.
    assumed: str = ""
    #: What the README says of it, and of what holds without it; in Markdown.
    means: str = ""
    default: str = ""
    #: How the command line calls it, if not ``--`` and its name.
    options: tuple[str, ...] = ()
    #: The most characters of its text.
    longest: int = 200
    #: What types a request of JSON may give it in.
    types: tuple[type, ...] = (str,)
    #: Whether its value is a mapping of names to texts.
    many: bool = False
    #: Whether its value is a list of words; as text they have commas between.
    listed: bool = False
    #: Whether it says when a job comes again, or on what condition it runs.
    series: bool = False
    #: Where it may be given: in an issue, in a request, in the form.
    in_issue: bool = True
    in_request: bool = True
    in_form: bool = False

    @property
    def field(self) -> str:
        """Its name as a field of `Job`, and as a key of a request in JSON."""
        return self.name.replace("-", "_")

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return self.options[0] if self.options else f"--{self.name}"

    def value(self, called: str, text: str, zone: str | None, *, empty: str) -> Any:
        """What its ``text`` says; ``called`` is its name to the author, ``empty`` the fix for none.

        Raises:
            InvalidJob: it is empty, too long, holds a control character, or can't be read.
        """
        if not text.strip():
            raise refusal(called, text, "is empty", empty)
        if self.read in readers.TIMES:
            from scheduler.times import spans

            text = spans.plain(text)
        return self.read(called, line(called, text, self.longest), zone)


def written(value: object) -> object:
    """A value as the front matter says it: text, a list's with commas, or a mapping of texts."""
    from scheduler.times import instants

    if isinstance(value, datetime):
        return instants.format_instant(value)
    if isinstance(value, timedelta):
        return instants.format_duration(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def values_of(job: Job) -> Iterator[tuple[Key, Any]]:
    """The keys that ``job`` has, in the order in which an issue shows them, and their values."""
    for key in IN_ISSUE.values():
        value = getattr(job, key.field)
        if value is not None and not (key.many and not value):
            yield key, value


#: In the order in which an issue shows them.
_ROWS = (
    Key(
        name="run-at", read=readers.instant, metavar="TIME", options=("--at",), in_form=True,
        help="When: 2026-11-23T09:00:00Z, local with --timezone, or 'tomorrow 9am'.",
        means="RFC 3339 with an offset, or local time with `timezone`", default="required",
    ),
    Key(
        name="in", read=readers.duration, metavar="DURATION", in_issue=False,
        help="How soon: 90s, 2h30m, 1d, PT2H.",
    ),
    Key(
        name="timezone", read=readers.zone, metavar="ZONE",
        help="IANA name for a local --at, Europe/Berlin.",
        means="IANA name, for local times", default="the setting",
    ),
    Key(
        name="message", read=readers.text, options=("--message", "-m"), in_issue=False,
        in_form=True,
        help="What the run is to do; '-' reads it.",
    ),
    Key(
        name="cron", read=readers.cron, metavar="RULE", longest=500, series=True,
        help='Again and again: "*/30 9-17 * * 1-5", @daily.',
        means="five fields or a word such as `@daily`, in the job's `timezone`; makes it a series",
    ),
    Key(
        name="rrule", read=readers.rrule, metavar="RULE", longest=500, series=True,
        help="The same by RFC 5545: FREQ=WEEKLY;BYDAY=MO,WE.",
        means="RFC 5545, such as `FREQ=WEEKLY;BYDAY=MO,WE`; instead of `cron`",
    ),
    Key(
        name="every", read=readers.duration, metavar="DURATION", series=True,
        help="The same at a fixed distance: 2h.",
        means="a duration from `run-at` on; instead of `cron`",
    ),
    Key(
        name="until", read=readers.instant, metavar="INSTANT", series=True,
        help="The last one, 2027-01-31T18:00Z.",
        means="the last instant that a series may have",
    ),
    Key(
        name="count", read=readers.number(MOST_INSTANTS, "write one such as 10, or leave it out"),
        metavar="N", series=True, types=(str, int),
        help="How many instants a series has.",
        means=f"how many instants a series has, 1 to {MOST_INSTANTS}",
    ),
    Key(
        name="misfire", read=readers.one_of(MISFIRE), metavar=readers.choice(MISFIRE), series=True,
        help="Which past instants run.", assumed="latest",
        means="what of a series' past instants runs: `skip`, `latest` or `all`", default="`latest`",
    ),
    Key(
        name="overlap", read=readers.one_of(OVERLAP), metavar=readers.choice(OVERLAP), series=True,
        help="What to do while its last run goes on.", assumed="skip",
        means="whether it starts while its last run goes on: `allow` or `skip`", default="`skip`",
    ),
    Key(
        name="jitter", read=readers.jitter, metavar="DURATION", series=True,
        help="Spread jobs of one instant this far.",
        means="spreads jobs of the same instant over this long, up to `1d`",
    ),
    Key(
        name="pause-after", read=readers.number(MOST_FAILURES, "write one such as 5", least=0),
        metavar="N", series=True, types=(str, int),
        help="Failed runs in a row after which a series pauses; 0: never.", assumed="5",
        means="failed runs in a row after which a series pauses itself; `0`: never",
        default="the setting",
    ),
    Key(
        name="unless", read=readers.condition, metavar="CONDITION", longest=300, series=True,
        help="Don't run it if: closed(#123).",
        means="when it makes no sense any more, such as `closed(#123)`: "
        "see [conditions](#conditions)",
    ),
    Key(
        name="when", read=readers.condition, metavar="CONDITION", longest=300, series=True,
        help="Wait until: checks-pass(#123).",
        means="what it waits for, such as `checks-pass(#123)`",
    ),
    Key(
        name="patience", read=readers.duration, metavar="DURATION", series=True,
        help="How long --when is waited for, if not until --deadline.", assumed="1d",
        means="how long it waits for that", default="until `deadline`, else `1d`",
    ),
    Key(
        name="workflow", read=readers.workflow, metavar="FILE", longest=LONGEST_NAME, in_form=True,
        help="A file in .github/workflows/.",
        means="a file name in `.github/workflows/`, never a path or an id",
        default="the setting, else required",
    ),
    Key(
        name="event", read=readers.text, metavar="TYPE", longest=100,
        help="A repository_dispatch type, instead of --workflow.",
        means="a `repository_dispatch` type, instead of `workflow`",
    ),
    Key(
        name="repo", read=readers.repository, metavar="OWNER/NAME",
        help="Where it runs.", assumed="the queue's repository",
        means="`owner/name` where it runs", default="the queue's repository",
    ),
    Key(
        name="ref", read=readers.ref, metavar="BRANCH", longest=LONGEST_NAME,
        help="Branch or tag.", assumed="the default branch",
        means="branch or tag", default="that repository's default branch",
    ),
    Key(
        name="agent", read=readers.text, metavar="NAME", longest=100, in_form=True,
        help="In whose name it is asked.",
        means="in whose name it is asked: `requested_by`, and `agent` if `inputs` name none",
    ),
    Key(
        name="inputs", read=readers.text, metavar="NAME=VALUE", options=("--input",), many=True,
        types=(dict,), help="An input.",
        means="name → text, at most 25; of an `event` the payload, at most 6",
    ),
    Key(
        name="deadline", read=readers.deadline, metavar="TIME",
        help="How late is too late: 6h, or an instant.",
        means="how late is too late: a duration (`6h`) or an instant",
        default="the setting, else none",
    ),
    Key(
        name="tolerance", read=readers.tolerance, metavar="DURATION",
        help="How late is still good: 2h.", assumed="0s",
        means="how late is still good: no runner waits for it, and no alarm, before that is used "
        "up; see [tolerance](#again-and-again)",
        default="`0s`",
    ),
    Key(
        name="dedup-key", read=readers.text, metavar="KEY",
        help="While a job with it is open, open no second.",
        means="while a job of the same author, agent and key is open, no second is created",
    ),
    Key(
        name="request-id", read=readers.text, metavar="ID",
        help="Repeat a creation safely: one job for one id.",
        means="makes creation repeatable; the CLI writes one",
    ),
    Key(
        name="max-attempts", read=readers.number(99, "write one such as 5"), metavar="N",
        types=(int,),
        help="Dispatch attempts, 1 to 99, if not as the settings say.", assumed="5",
        means="dispatch attempts before it is given up", default="the setting",
    ),
    Key(
        name="retries", read=readers.number(MOST_RETRIES, "write one such as 3", least=0),
        metavar="N", types=(str, int), assumed="0",
        help="How often a run that failed is tried again, at most 10.",
        means=f"how often a run that failed is tried again, 0 to {MOST_RETRIES}", default="0",
    ),
    Key(
        name="retry-on", read=readers.retry_on, metavar="OUTCOMES", types=(str, list), listed=True,
        help="After which outcomes.", assumed="failure, timed_out, startup_failure",
        means="a list of the outcomes after which it is: GitHub's words, and `never ran`",
        default="`failure, timed_out, startup_failure`",
    ),
    Key(
        name="retry-after", read=readers.retry_after, metavar="DURATION",
        help="How long after; doubles, up to a day.", assumed="1m",
        means="how long after; it doubles, up to `1d`", default="`1m`",
    ),
    Key(
        name="max-runtime", read=readers.duration, metavar="DURATION",
        help="Cancel its run once that is under way for longer.",
        means="a run that is under way for longer is cancelled", default="the setting, else none",
    ),
    Key(
        name="reply-to", read=readers.reference, metavar="#NUMBER",
        help="Comment there what became of the run.",
        means='the issue or pull request, `"#123"`, on which it is said what became of the run',
    ),
    Key(
        name="reply", read=readers.one_of(REPLY), metavar=readers.choice(REPLY),
        help="After which runs.", assumed="always",
        means="after which runs: `failure` or `always`", default="`always`",
    ),
    Key(
        name="parent", read=readers.text, in_request=False,
        means="where the job comes from; the CLI writes it",
    ),
    Key(
        name="signature", read=readers.text, longest=500, in_request=False,
        means="written by the CLI; see [signatures](#signatures)",
    ),
)  # fmt: skip

#: By name: those that an issue's front matter may have, and those that a request may.
IN_ISSUE: Mapping[str, Key] = {key.name: key for key in _ROWS if key.in_issue}
IN_REQUEST: Mapping[str, Key] = {key.name: key for key in _ROWS if key.in_request}
#: What people write for the name of a key that has another.
OTHERWISE = dict.fromkeys(("at", "date", "due", "in", "start", "time"), "run-at")
