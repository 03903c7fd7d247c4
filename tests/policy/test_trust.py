from __future__ import annotations

from datetime import datetime, timezone

import pytest

from scheduler.job.model import Job
from scheduler.policy.trust import (
    OWN_EVENTS,
    ROLES,
    Rights,
    at_least,
    author_refusal,
    insider,
    looks_strange,
    may_be_another_s,
    named_bot,
    recorder,
    ref_refusal,
    reply_refusal,
    target_of,
    target_refusal,
)
from scheduler.ports.values import Comment, Target, Ticket, User
from scheduler.settings.model import Allow, Defaults, Scheduler, Settings, Trust
from tests.support.reasons import refuses

QUEUE = "octo/queue"
OWNER = User(login="owner")
BOT = User(login="github-actions[bot]", bot=True)
LAX = Settings()
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("least", ROLES)
def test_roles_rise_from_none_to_admin(role: str, least: str) -> None:
    assert at_least(role, least) == (ROLES.index(role) >= ROLES.index(least))


@pytest.mark.parametrize("role", ["", "owner", "WRITE", "custom-role", "write "])
def test_a_role_that_is_not_known_counts_as_none(role: str) -> None:
    assert not at_least(role, "read")
    assert at_least(role, "none")


@pytest.mark.parametrize(
    ("role", "least", "may"),
    [
        ("admin", "write", True), ("maintain", "write", True), ("write", "write", True),
        ("triage", "write", False), ("read", "write", False), ("none", "write", False),
        (None, "write", False), ("", "write", False), ("triage", "triage", True),
        ("write", "maintain", False), ("maintain", "admin", False), ("admin", "admin", True),
    ],
)  # fmt: skip
def test_a_person_needs_the_role(role: str | None, least: str, may: bool) -> None:
    found = author_refusal(OWNER, role, Settings(trust=Trust(role=least)))
    assert (found is None) == may
    if not may:
        assert refuses(found, "author", "'owner'", repr(role or "none"), fix=repr(least))


@pytest.mark.parametrize(
    ("login", "bots", "named"),
    [
        ("github-actions[bot]", ("github-actions[bot]",), True),
        ("GitHub-Actions[bot]", ("github-actions[BOT]",), True),
        ("github-actions[bot]", (), False),
        ("github-actions", ("github-actions[bot]",), False),
        ("my-app[bot]", ("github-actions[bot]", "My-App[bot]"), True),
        ("app[bot]", ("my-app[bot]", "app"), False),
    ],
)
def test_a_bot_is_trusted_by_name_and_never_for_a_role(
    login: str, bots: tuple[str, ...], named: bool
) -> None:
    bot = User(login=login, bot=True)
    rules = Settings(trust=Trust(bots=bots))
    assert named_bot(bot, rules) == named
    for role in (None, "admin"):
        found = author_refusal(bot, role, rules)
        assert (found is None) is named
        assert named or refuses(found, "author", repr(login), fix="trust.bots")


def refusal(target: Target, allow: Allow = Allow(), author: User = OWNER) -> str | None:  # noqa: B008
    return target_refusal(author, target, queue=QUEUE, settings=Settings(allow=allow))


def workflow(name: str, repo: str = QUEUE) -> Target:
    return Target(repo=repo, ref="main", workflow=name)


def event(name: str, repo: str = QUEUE) -> Target:
    return Target(repo=repo, ref="main", event=name)


@pytest.mark.parametrize(
    ("name", "globs", "may"),
    [
        ("run.yml", None, True), ("run.yml", (), False), ("run.yml", ("run.yml",), True),
        ("agent-a.yml", ("agent-*.yml",), True), ("agent.yml", ("agent-*.yml",), False),
        ("RUN.yml", ("run.yml",), False), ("run.yaml", ("run.yml",), False),
        ("x.yml", ("*",), True),
        ("ab.yml", ("a?.yml", "x"), True), ("b.yml", ("[!a].yml",), True),
        ("a.yml", ("[!a].yml",), False),
    ],
)  # fmt: skip
def test_which_workflows_a_person_may_start(
    name: str, globs: tuple[str, ...] | None, may: bool
) -> None:
    found = refusal(workflow(name), Allow(workflows=globs))
    assert (found is None) is may
    assert may or refuses(found, "workflow", repr(name), "allow.workflows", fix="scheduler.yml")


@pytest.mark.parametrize(
    ("name", "globs", "may"),
    [
        ("wake", None, True), ("wake", (), False), ("wake", ("wake",), True),
        ("wake-up", ("wake-*",), True), ("Wake", ("wake",), False), ("wake", ("*",), True),
    ],
)  # fmt: skip
def test_which_events_a_person_may_have_sent(
    name: str, globs: tuple[str, ...] | None, may: bool
) -> None:
    found = refusal(event(name), Allow(events=globs))
    assert (found is None) is may
    assert may or refuses(found, "event", repr(name), "allow.events", fix="scheduler.yml")


def test_a_bot_may_start_only_what_is_named() -> None:
    for target, field in ((workflow("run.yml"), "workflow"), (event("wake"), "event")):
        words = (repr(target.name), repr(BOT.login), f"allow.{field}s")
        assert refuses(refusal(target, author=BOT), field, *words, fix="scheduler.yml")
    assert refusal(workflow("run.yml"), Allow(workflows=("r*",)), BOT) is None
    assert refusal(workflow("x.yml"), Allow(workflows=("r*",)), BOT) is not None
    assert refusal(event("wake"), Allow(events=("wake",)), BOT) is None
    assert refusal(event("wake"), Allow(workflows=("wake",)), BOT) is not None


def test_an_account_that_is_trusted_as_a_bot_starts_no_more_than_one() -> None:
    """A machine's account is a user to GitHub; its role, which may be none, was never asked."""
    machine, bots = User(login="Octo-Machine"), Trust(bots=("octo-machine",))
    for allow, may in ((Allow(), False), (Allow(workflows=("r*",)), True)):
        settings = Settings(trust=bots, allow=allow)
        found = target_refusal(machine, workflow("run.yml"), queue=QUEUE, settings=settings)
        assert (found is None) == may


@pytest.mark.parametrize(
    ("allow", "may"),
    [
        (Allow(), False),
        (Allow(workflows=("*",)), False),
        (Allow(workflows=("sched*.yml",)), False),
        (Allow(workflows=("scheduler.yml",)), True),
    ],
)
def test_the_scheduler_itself_must_be_named_in_full(allow: Allow, may: bool) -> None:
    found = refusal(workflow("scheduler.yml"), allow)
    assert (found is None) == may
    assert may or (found or "").startswith("workflow: 'scheduler.yml' is the scheduler itself; ")


@pytest.mark.parametrize("name", [*OWN_EVENTS, "Schedule", "SCHEDULE-TICK"])
def test_an_event_that_starts_the_scheduler_must_be_named_in_full(name: str) -> None:
    for events in (None, ("*",), ("schedule*",)):
        found = refusal(event(name), Allow(events=events))
        assert (found or "").startswith(f"event: {name!r} starts the scheduler itself; ")
    assert refusal(event(name), Allow(events=(name,))) is None
    assert refusal(event(name, "octo/other"), Allow(repositories=("octo/other",))) is None


def test_the_schedulers_own_workflow_may_have_another_name() -> None:
    renamed = Settings(scheduler=Scheduler(workflow="tick.yml"))
    for name, may in (("tick.yml", False), ("scheduler.yml", True)):
        found = target_refusal(OWNER, workflow(name), queue=QUEUE, settings=renamed)
        assert (found is None) == may


@pytest.mark.parametrize(
    ("repo", "globs", "may"),
    [
        ("octo/queue", (), True), ("Octo/Queue", (), True), ("octo/other", (), False),
        ("octo/other", ("octo/other",), True), ("Octo/Other", ("octo/OTHER",), True),
        ("octo/other", ("octo/*",), True), ("octo/other", ("*/other",), True),
        ("octo/other", ("*",), False), ("evil/octo", ("octo/*",), False),
        ("octo/other", ("octo/othe",), False), ("octo/other", ("octo/queue",), False),
    ],
)  # fmt: skip
def test_other_repositories_must_be_named(repo: str, globs: tuple[str, ...], may: bool) -> None:
    for target in (workflow("run.yml", repo), event("wake", repo)):
        found = refusal(target, Allow(repositories=globs))
        assert (found is None) is may
        assert may or refuses(found, "repo", repr(repo), "allow.repositories", fix="octo/queue")


def test_a_name_in_another_repository_is_no_scheduler_of_this_one() -> None:
    assert refusal(workflow("scheduler.yml", "octo/other"), Allow(repositories=("*/*",))) is None
    assert refusal(workflow("scheduler.yml", "OCTO/queue")) is not None


def test_where_a_job_goes_once_defaults_fill_in() -> None:
    job = Job(run_at=datetime(2026, 11, 23, tzinfo=timezone.utc))
    rules = Settings(defaults=Defaults(workflow="run.yml"))

    def found(**changes: str) -> Target:
        asked = Job(run_at=job.run_at, **changes)  # type: ignore[arg-type]
        return target_of(asked, queue=QUEUE, settings=rules, ref="main")

    assert found() == workflow("run.yml")
    assert found(workflow="own.yml") == workflow("own.yml")
    assert found(event="wake") == event("wake")
    assert found(repo="octo/other", ref="v1") == Target(
        repo="octo/other", ref="v1", workflow="run.yml"
    )
    assert target_of(job, queue=QUEUE, settings=LAX) == Target(repo=QUEUE, ref="")


APP = User(login="helper[bot]", bot=True)
STRAY = User(login="app[bot]", bot=True)
MACHINE = User(login="machine")
TRUSTED = Trust(bots=("helper[bot]", "machine"))
RUN = Target(repo=QUEUE, ref="", workflow="run.yml")


@pytest.mark.parametrize(
    ("author", "refs", "ref", "may"),
    [
        (OWNER, None, "next", True), (APP, None, "next", False), (MACHINE, None, "next", False),
        (STRAY, None, "next", False),
        # The list binds everybody, once there is one.
        (OWNER, ("next",), "next", True), (APP, ("next",), "next", True),
        (MACHINE, ("next",), "next", True), (OWNER, ("next",), "other", False),
        (APP, ("next",), "other", False), (OWNER, (), "next", False),
        # The default branch is named by nobody.
        (APP, None, "", True), (OWNER, (), "", True),
    ],
)  # fmt: skip
def test_which_branch_an_account_may_name(
    author: User, refs: tuple[str, ...] | None, ref: str, may: bool
) -> None:
    settings = Settings(trust=TRUSTED, allow=Allow(refs=refs))
    found = ref_refusal(author, Target(repo=QUEUE, ref=ref, workflow="run.yml"), settings)
    assert (found is None) == may
    if found:
        bound = "allow.refs" if refs is not None else f"the bot {author.login!r}"
        assert found.startswith(f"ref: {ref!r}")
        assert bound in found


def test_an_event_runs_on_no_branch_that_anybody_names() -> None:
    event = Target(repo=QUEUE, ref="next", event="wake")
    assert ref_refusal(APP, event, Settings(trust=TRUSTED, allow=Allow(refs=()))) is None


@pytest.mark.parametrize(
    ("author", "role", "workflows", "may"),
    [
        (OWNER, "write", ("other.yml",), True), (OWNER, "write", None, True),
        (OWNER, "read", ("run.yml",), False), (STRAY, None, None, False),
        (STRAY, None, ("run.yml",), False), (APP, None, ("run.yml",), True),
        (APP, None, ("other.yml",), False), (APP, None, None, False),
        (MACHINE, "admin", ("run.yml",), True), (MACHINE, "admin", ("other.yml",), False),
        (MACHINE, "admin", None, False),
    ],
)  # fmt: skip
def test_whose_word_on_a_job_is_a_command(
    author: User, role: str | None, workflows: tuple[str, ...] | None, may: bool
) -> None:
    settings = Settings(trust=TRUSTED, allow=Allow(workflows=workflows))
    rights = Rights(queue=QUEUE, settings=settings, role=lambda _: role or "none", branch=str)
    found = rights.command_refusal(author, RUN)
    assert (found is None) == may


class Asked:
    """Rights over a table of roles, and what was asked on the way."""

    def __init__(self, allow: Allow = Allow(), **roles: str) -> None:  # noqa: B008
        self.roles = roles
        self.questions: list[str] = []
        settings = Settings(trust=TRUSTED, allow=allow)
        self.rights = Rights(queue=QUEUE, settings=settings, role=self.role, branch=self.branch)

    def role(self, login: str) -> str:
        self.questions.append(login)
        return self.roles.get(login, "none")

    def branch(self, repo: str) -> str:
        self.questions.append(repo)
        return "main"


NEXT = Target(repo=QUEUE, ref="next", workflow="run.yml")
AT_MAIN = Target(repo=QUEUE, ref="main", workflow="run.yml")


@pytest.mark.parametrize(
    ("user", "target", "allow", "may", "questions"),
    [
        (OWNER, RUN, Allow(), True, ["owner"]),
        (User(login="guest"), RUN, Allow(), False, ["guest"]),
        (OWNER, RUN, Allow(workflows=("other.yml",)), False, ["owner"]),
        (OWNER, NEXT, Allow(), True, ["owner"]),
        (OWNER, NEXT, Allow(refs=("main",)), False, ["owner", QUEUE]),
        (OWNER, AT_MAIN, Allow(refs=("v*",)), True, ["owner", QUEUE]),
        (STRAY, RUN, Allow(workflows=("*",)), False, []),
        (APP, RUN, Allow(workflows=("*",)), True, []),
        (APP, NEXT, Allow(workflows=("*",)), False, [QUEUE]),
        (MACHINE, AT_MAIN, Allow(workflows=("*",)), True, [QUEUE]),
    ],
)
def test_who_may_schedule_is_asked_as_little_as_it_takes(
    user: User, target: Target, allow: Allow, may: bool, questions: list[str]
) -> None:
    asked = Asked(allow, owner="write")
    assert (asked.rights.refusal(user, target) is None) == may
    assert asked.questions == questions


@pytest.mark.parametrize(
    ("user", "target", "may"),
    [
        (OWNER, RUN, True), (OWNER, NEXT, True), (User(login="guest"), RUN, False),
        (APP, RUN, True), (APP, AT_MAIN, True), (APP, NEXT, False), (STRAY, RUN, False),
    ],
)  # fmt: skip
def test_a_person_s_word_counts_for_all_jobs_and_a_bot_s_for_those_it_may_start(
    user: User, target: Target, may: bool
) -> None:
    rights = Asked(Allow(workflows=("*",), refs=None), owner="write").rights
    assert (rights.command_refusal(user, target) is None) == may


def test_an_insider_is_an_app_or_may_write() -> None:
    asked: list[str] = []

    def writes(login: str) -> bool:
        asked.append(login)
        return login == "owner"

    assert insider(APP, writes)
    assert insider(OWNER, writes)
    assert not insider(User(login="guest"), writes)
    assert asked == ["owner", "guest"]


def test_records_are_presumed_to_be_the_first_insider_s() -> None:
    def comment(number: int, author: User, body: str) -> Comment:
        return Comment(id=number, issue=1, body=body, author=author, created_at=NOON)

    record = "<!-- schedule:journal {} -->"
    comments = [
        comment(1, OWNER, f"about {record}"), comment(2, User(login="x"), record),
        comment(3, OWNER, record), comment(4, APP, record),
    ]  # fmt: skip
    assert recorder(comments, lambda login: login == "owner") == "owner"
    assert recorder(comments, lambda _: False) == APP.login
    assert recorder(comments[:2], lambda login: login == "owner") is None


def test_the_queue_is_the_same_repository_in_any_letter_case() -> None:
    for queue, repo in ((QUEUE.upper(), QUEUE), (QUEUE, QUEUE.upper())):
        target = Target(repo=repo, ref="", workflow="run.yml")
        assert target_refusal(OWNER, target, queue=queue, settings=LAX) is None


@pytest.mark.parametrize(
    ("association", "strange"),
    [
        ("OWNER", False), ("MEMBER", False), ("COLLABORATOR", False), ("", False),
        ("CONTRIBUTOR", True), ("FIRST_TIMER", True), ("FIRST_TIME_CONTRIBUTOR", True),
        ("MANNEQUIN", True), ("NONE", True), ("SOMETHING_NEW", False),
    ],
)  # fmt: skip
def test_whose_text_waits_is_told_by_the_list_alone(association: str, strange: bool) -> None:
    settings = Settings(trust=Trust(bots=("ours[bot]", "machine")))

    def looks(login: str, *, bot: bool = False) -> bool:
        ticket = Ticket(
            number=1, author=User(login=login, bot=bot), association=association,
            created_at=NOON, updated_at=NOON,
        )  # fmt: skip
        return looks_strange(ticket, settings)

    assert looks("somebody") is strange
    # What the settings say of a machine is better known than what GitHub's list does.
    assert not looks("Ours[bot]", bot=True)
    assert not looks("machine")
    assert looks("other[bot]", bot=True)


@pytest.mark.parametrize(
    ("to", "listed", "may"),
    [
        (None, (), True), ("#7", (), True), ("octo/queue#7", (), True), ("Octo/Queue#7", (), True),
        ("octo/other#7", (), False), ("octo/other#7", ("octo/*",), True),
        ("OCTO/other#7", ("octo/other",), True), ("octo/other#7", ("octo/another",), False),
    ],
)  # fmt: skip
def test_an_outcome_is_told_in_the_queue_s_own_repository_and_in_those_allowed(
    to: str | None, listed: tuple[str, ...], may: bool
) -> None:
    settings = Settings(allow=Allow(repositories=listed))
    job = Job(run_at=NOON, workflow="run.yml", reply_to=to)
    rights = Rights(queue=QUEUE, settings=settings, role=lambda _: "", branch=lambda _: "main")
    found = rights.reply_refusal(job)
    assert (found is None) == may
    if not may:
        repo = "octo/other"
        assert refuses(found, "reply-to", repr(repo), fix=f".github/scheduler.yml of {QUEUE}")
        told = reply_refusal(repo, queue=QUEUE, settings=settings, agent=True)
        assert refuses(told, "reply-to", fix="ask a maintainer to add it")


@pytest.mark.parametrize(
    ("role", "more"), [("triage", False), ("write", False), ("maintain", True), ("admin", True)]
)
def test_whose_words_a_changed_comment_may_be(role: str, more: bool) -> None:
    settings = Settings(trust=Trust(role=role))
    assert may_be_another_s("approve", settings)
    assert may_be_another_s("run", settings) == more
