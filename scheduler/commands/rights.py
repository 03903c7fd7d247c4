"""Who may schedule, asked with the token of the command's caller."""

from __future__ import annotations

from scheduler.connection import Connection
from scheduler.errors import NotPermitted
from scheduler.policy.trust import Rights, at_least


def rights_of(connection: Connection) -> Rights:
    """The rights in the queue's repository; each role and branch that is asked is a request."""
    queue = connection.queue
    return Rights(
        queue=queue.repository,
        settings=connection.settings,
        role=queue.role,
        branch=queue.default_branch,
        # Whoever runs in Actions is asked for by people, and changes no rule of theirs.
        agent=connection.environment.in_actions,
    )


#: How the token of an app begins, a ``GITHUB_TOKEN`` among them: it has no role.
#: https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
APP = "ghs_"


def may_open(connection: Connection) -> None:
    """Make sure, before an issue is opened, that a job of the token's account can run at all.

    Only of a person's token outside of Actions: what an app may, no role says.

    Raises:
        NotPermitted: the account has a role that is not enough.
    """
    settings, queue = connection.settings, connection.queue
    least, environment = settings.trust.role, connection.environment
    if environment.in_actions or environment.token.startswith(APP) or settings.trust.labelled:
        return
    role = queue.own_role()
    if role is None or at_least(role, least):
        return
    # Who it is has to be asked only where an account of a person may be named as a bot.
    named = {each.lower() for each in settings.trust.bots if not each.endswith("[bot]")}
    if named and (queue.own_login() or "").lower() in named:
        return
    needs = "push access to" if least == "write" else f"the role {least!r} in"
    raise NotPermitted(
        f"token: its account has the role {role!r} in {queue.repository}, and jobs are run for "
        f"{least!r} and above; it needs {needs} {queue.repository}: ask an admin for it, or "
        "somebody of that role to open the job"
    )
