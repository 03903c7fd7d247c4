"""What a tick works with: what a new context holds, and what new settings change in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.ports.values import Target
from scheduler.settings.model import Limits, Scheduler, Settings
from scheduler.tick.context import renew
from tests.faults.world import world
from tests.support.contexts import calls, context
from tests.support.fakes import BOT, NOON

TITLED = Target(repo="octo/queue", ref="main", workflow="titled.yml")


def test_a_new_context_begins_now_and_remembers_nothing() -> None:
    made = world()
    first, second = context(made.hub), context(made.hub)
    assert (first.began, first.early, first.waited) == (made.clock.now(), timedelta(0), 0.0)
    first.notices.append("words")
    first.texts["body", None] = None
    first.unsettled.add("target")
    assert (second.notices, second.texts, second.unsettled) == ([], {}, set())
    assert calls(first) == []


@pytest.mark.parametrize("named", [None, "bot"])
def test_the_login_that_the_settings_name_is_asked_of_nobody(named: str | None) -> None:
    ctx = context(world().hub, Settings(scheduler=Scheduler(login=named)))
    assert ctx.facts.login() == (named or BOT)
    assert calls(ctx) == ([] if named else ["viewer"])


def test_renewed_settings_are_those_of_the_whole_context() -> None:
    ctx = context(world().hub)
    settings = replace(ctx.settings, limits=Limits(per_tick=1))
    renew(ctx, settings)
    assert ctx.settings is settings


def test_what_was_asked_about_targets_and_words_is_asked_anew_with_new_settings() -> None:
    ctx = context(world().hub)
    for again in (False, True):
        ctx.unheard.add("owner")
        ctx.facts.declared(TITLED)
        ctx.facts.newest_run("octo/queue")
        ctx.facts.recent_comments(NOON)
        ctx.facts.role("owner")
        role = [] if again else ["role"]
        assert calls(ctx) == ["workflow_file", "newest_run", "recent_comments", *role]
        renew(ctx, Settings())
        assert ctx.unheard == set()
