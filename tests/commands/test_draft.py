"""A request becomes a checked job: what is filled in, what is refused, and what that asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.commands.draft import Draft, draft, facts_of
from scheduler.commands.request import Medium, Request
from scheduler.errors import InvalidJob, NotPermitted, Refused, Rejected, SchedulerError, UsageError
from scheduler.settings.model import Allow, Defaults, Limits, Quotas, Settings
from tests.support.calls import connected


def asked(inputs: dict[str, str] | None = None, **texts: str) -> Request:
    named = {name.replace("_", "-"): text for name, text in texts.items()}
    return Request(texts={"in": "1h", **named}, inputs=inputs or {})


def drafted(request: Request, settings: Settings | None = None, **more: Any) -> Draft:
    _, _, connection = connected(settings, **more)
    return draft(request, connection, facts_of(connection))


def test_a_job_takes_its_workflow_from_the_settings() -> None:
    made = drafted(asked(), Settings(defaults=Defaults(workflow="bare.yml")))
    assert (made.job.workflow, made.target.workflow) == ("bare.yml", "bare.yml")
    assert made.job.run_at == made.now + timedelta(hours=1)


def test_the_settings_zone_is_written_down_for_clocks_alone() -> None:
    tokyo = Settings(defaults=Defaults(timezone="Asia/Tokyo"))
    once = drafted(Request(texts={"run-at": "2026-11-24T18:00", "workflow": "bare.yml"}), tokyo)
    assert (once.job.timezone, once.job.run_at.hour) == (None, 9)
    series = drafted(Request(texts={"cron": "@daily", "workflow": "bare.yml"}), tokyo)
    assert series.job.timezone == "Asia/Tokyo"


def test_a_workflow_that_schedules_itself_hands_on_its_required_inputs() -> None:
    own: dict[str, Any] = {
        "in_actions": True, "workflow": "run.yml", "run_id": "9",
        "event": {"inputs": {"place": "here", "agent": "probe"}},
    }  # fmt: skip
    made = drafted(asked(), **own)
    assert dict(made.job.inputs) == {"place": "here"}
    assert (made.job.agent, made.job.parent) == ("probe", "run:9")
    assert dict(drafted(asked({"place": "there"}), **own).job.inputs) == {"place": "there"}


@pytest.mark.parametrize(
    ("request_", "settings", "kind", "words"),
    [
        (asked(), Settings(), UsageError, "--workflow: is missing"),
        (asked(workflow="nope.yml"), Settings(), InvalidJob, "workflow: 'nope.yml' is not in"),
        (asked(workflow="push.yml"), Settings(), InvalidJob, "no workflow_dispatch trigger"),
        (asked(workflow="run.yml"), Settings(), InvalidJob, "inputs.place: is required"),
        (asked(workflow="scheduler.yml"), Settings(), Refused, "is the scheduler itself"),
        (asked(workflow="bare.yml", repo="o/other"), Settings(), Refused, "allow.repositories"),
        (asked(workflow="bare.yml", reply_to="o/other#1"), Settings(), Refused, "'o/other'"),
        (
            asked(workflow="bare.yml", ref="next"), Settings(allow=Allow(refs=("v*",))), Refused,
            "ref: 'next' is not in allow.refs",
        ),
        (
            asked(workflow="bare.yml"), Settings(quotas=Quotas(horizon=timedelta(minutes=1))),
            Refused, "quotas.horizon",
        ),
        (
            asked(workflow="bare.yml", max_runtime="2h"), Settings(follow=timedelta(hours=1)),
            Refused, "max-runtime: '2h' is longer than runs are followed, 1h",
        ),
        (
            Request(texts={"every": "1h", "workflow": "bare.yml"}),
            Settings(limits=Limits(shortest_interval=timedelta(hours=2))), InvalidJob, "every: ",
        ),
        (
            asked(workflow="bare.yml", message="x" * 66_000), Settings(), InvalidJob,
            "are too many for an issue",
        ),
    ],
)  # fmt: skip
def test_what_would_never_run_is_refused_at_once(
    request_: Request, settings: Settings, kind: type[SchedulerError], words: str
) -> None:
    with pytest.raises(kind) as refused:
        drafted(request_, settings)
    assert words in str(refused.value)


def test_a_branch_that_is_the_default_one_may_be_named() -> None:
    strict = Settings(allow=Allow(refs=("v*",)))
    assert drafted(asked(workflow="bare.yml", ref="main"), strict).job.ref == "main"


FORM = replace(asked(workflow="bare.yml", agent="a"), medium=Medium.FORM)
MESSAGE, AGENT = "message: 'bare.yml' declares no", "agent: 'bare.yml' declares no"


@pytest.mark.parametrize(
    ("request_", "warned"),
    [
        (asked(workflow="bare.yml"), []),
        (asked(workflow="bare.yml", message="m"), [MESSAGE]),
        (asked(workflow="bare.yml", message=" \n"), []),
        (asked(workflow="bare.yml", agent="a"), [AGENT]),
        (asked(workflow="bare.yml", agent="a", message="m"), [MESSAGE, AGENT]),
        # The form's agent is whoever sent it, unless the field was filled in.
        (FORM, []),
        (replace(FORM, names={"agent": "agent"}), [AGENT]),
        (asked({"place": "x"}, workflow="run.yml", agent="a"), []),
        (
            asked({"place": "x"}, workflow="run.yml", message="m"),
            ["message: 'run.yml' declares no"],
        ),
        (asked(event="wake", message="m", agent="a"), []),
        (
            replace(asked(workflow="odd.yml", message="m"), unchecked=True),
            ["workflow: 'odd.yml' can't be read, so its inputs were not checked; not handed over"],
        ),
        (
            replace(asked(workflow="odd.yml"), unchecked=True),
            ["workflow: 'odd.yml' can't be read, so its inputs were not checked"],
        ),
    ],
)
def test_what_its_run_will_not_be_told_is_warned_of(request_: Request, warned: list[str]) -> None:
    found = drafted(request_).warnings
    assert len(found) == len(warned)
    assert all(line.startswith(words) for line, words in zip(found, warned, strict=True))


@pytest.mark.parametrize(
    ("request_", "settings", "words"),
    [
        (asked(workflow="bare.yml", reply_to="#1"), Settings(), None),
        (
            asked(workflow="bare.yml", reply_to="#1"), Settings(follow=timedelta(0)),
            "the settings follow no run",
        ),
        (asked(event="wake", reply_to="#1"), Settings(), "an event's run can't be followed"),
    ],
)  # fmt: skip
def test_what_will_not_be_told_of_a_run_is_said_at_creation(
    request_: Request, settings: Settings, words: str | None
) -> None:
    found = drafted(request_, settings).warnings
    assert list(found) == (
        [f"reply-to: {words}, so it is not told there what the run came to"] if words else []
    )


def test_what_needs_runs_to_be_followed_is_said_where_none_is() -> None:
    off = Settings(follow=timedelta(0))
    one = asked(workflow="bare.yml", retries="2", when="failed(#7)", unless="closed(#8)")
    assert [each.partition(":")[0] for each in drafted(one, off).warnings] == ["retries", "when"]
    assert drafted(one, off).warnings[0] == (
        "retries: the settings follow no run, so none is tried again by itself"
    )
    series = asked(workflow="bare.yml", every="1d", pause_after="2")
    assert [each.partition(":")[0] for each in drafted(series, off).warnings] == ["pause-after"]
    assert drafted(one).warnings == drafted(series).warnings == ()


@pytest.mark.parametrize(
    ("medium", "fix"),
    [
        (Medium.OPTIONS, "mend the file, or add --unchecked: "),
        (Medium.JSON, 'mend the file, or add "unchecked": true: '),
        (Medium.FORM, "mend the file, or open the job as an issue, "),
    ],
)
def test_a_file_that_can_t_be_read_is_refused_with_a_fix(medium: Medium, fix: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        drafted(replace(asked(workflow="odd.yml"), medium=medium))
    words = "workflow: 'odd.yml' in octo/queue at main can't be read: its line 2 is no YAML: "
    assert str(refused.value).startswith(words)
    assert fix in str(refused.value)


@pytest.mark.parametrize(
    ("request_", "questions"),
    [(asked(workflow="bare.yml"), ["workflow_file"]), (asked(event="wake"), [])],
)
def test_a_draft_asks_for_the_target_s_file_alone(request_: Request, questions: list[str]) -> None:
    _, queue, connection = connected()
    draft(request_, connection, facts_of(connection))
    assert queue.calls == questions


def test_settings_that_were_not_found_are_proven_not_to_be_there() -> None:
    _, queue, connection = connected(found=False)
    draft(asked(event="wake"), connection, facts_of(connection))
    assert queue.calls == ["prove_contents"]


def test_a_repository_that_the_token_can_t_see_is_a_missing_right() -> None:
    allowed = Settings(allow=Allow(repositories=("o/*",)))
    _, queue, connection = connected(allowed)

    def gone(number: int, name: str, act: object) -> object:
        raise Rejected("404 Not Found", status=404)

    queue.through = gone
    with pytest.raises(NotPermitted, match="repository: 'o/other' does not exist, or the token"):
        draft(asked(workflow="bare.yml", repo="o/other"), connection, facts_of(connection))


def test_a_condition_on_a_job_of_another_queue_is_refused() -> None:
    with pytest.raises(InvalidJob, match=r"^when: .* is about a job of another queue; name a job"):
        drafted(asked(workflow="bare.yml", when="succeeded(octo/other#7)"))
    made = drafted(asked(workflow="bare.yml", when="succeeded(octo/queue#7)"))
    assert made.job.when == "succeeded(octo/queue#7)"
