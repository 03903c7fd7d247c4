"""What one tick, or one holder, works with: built once, handed down whole, renewed in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scheduler.job.model import Job
from scheduler.job.signing import Keys
from scheduler.ports.clock import Clock
from scheduler.ports.queue import Queue
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.tick.discussions import Discussions
from scheduler.tick.facts import Facts
from scheduler.tick.followed import Following
from scheduler.times.pace import WAITED_OUT

#: For how long after its last change the comments of a held issue are read for a person's
#: word; taking the label off has it read whenever that was.
HELD_FOR = timedelta(days=1)


@dataclass(kw_only=True)
class Context:
    """What the functions of a tick are given; made by ``new_context``, changed by ``renew``."""

    queue: Queue
    clock: Clock
    settings: Settings
    #: By which signatures are verified.
    keys: Keys
    #: Gives a new unguessable text at each call.
    nonce: Callable[[], str]
    #: What GitHub was asked already, and what of comments was read.
    facts: Facts
    discussions: Discussions
    #: When the tick began, UTC.
    began: datetime
    #: How early a job may be claimed; only a holder, which waits for the instant, sets it.
    early: timedelta = timedelta(0)
    #: How many seconds a job's turn may wait until GitHub takes another comment; 0 for a holder,
    #: which has others to dispatch on their instant meanwhile.
    patience: float = WAITED_OUT
    #: Whether the tick stops where records show that another account is the scheduler.
    own_records_only: bool = False
    #: How many seconds were waited for that, in all.
    waited: float = 0.0
    #: The jobs that texts say, None where they say none: each text is read once, and a holder
    #: counts the same closed issues again and again.
    texts: dict[tuple[str, str | None], Job | None] = field(default_factory=dict)
    #: Why a quota or a signature forbids a job, by issue number.
    refusals: dict[int, str] = field(default_factory=dict)
    #: Whose words may be commands, of which GitHub did not say; asked again a little later.
    unheard: set[str] = field(default_factory=set)
    #: Targets of which a dispatch was sent and its answer lost.
    unsettled: set[str] = field(default_factory=set)
    #: What is to be said of labels that can't be put on, once of each issue.
    label_notices: dict[int, str] = field(default_factory=dict)
    #: The texts that are no jobs, and what is still to be said of each to its author; none of it
    #: may keep a due job waiting.
    unexplained: dict[int, tuple[Ticket, str]] = field(default_factory=dict)
    #: The runs that are followed.
    following: Following = field(default_factory=Following)
    #: What is to be said of the tick as a whole, in this order.
    notices: list[str] = field(default_factory=list)


def new_context(
    queue: Queue,
    *,
    clock: Clock,
    settings: Settings,
    nonce: Callable[[], str],
    settings_found: bool = True,
    keys: Keys | None = None,
    branch: str | None = None,
    own_records_only: bool = False,
) -> Context:
    """The context of one tick that begins now.

    ``settings_found`` is false where the settings file was not found and the defaults are used;
    ``branch`` is the default branch of the queue's repository, as far as it is known.
    """
    login = settings.scheduler.login
    facts = Facts(queue, clock=clock, login=login, settings_found=settings_found, branch=branch)
    return Context(
        queue=queue,
        clock=clock,
        settings=settings,
        keys=keys or Keys({}),
        nonce=nonce,
        facts=facts,
        discussions=Discussions(queue, login=facts.login),
        began=clock.now(),
        own_records_only=own_records_only,
    )


def renew(ctx: Context, settings: Settings) -> None:
    """Go on with settings that were read anew; what was known of rights is forgotten."""
    ctx.settings = settings
    ctx.unheard.clear()
    ctx.facts.renew()
