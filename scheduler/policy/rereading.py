"""Whether what was read of an issue is as new as the claim that was written before.

GitHub promises no read-after-write, and counts an issue's comments apart from listing them. So
it matters how the count changed: a server may count what it does not list, and people delete
comments.
"""

from __future__ import annotations

from collections.abc import Collection

from scheduler.ports.values import UNCOUNTED, Comment, Ticket

#: Why what was read is too old to act on, in words.
UNSHOWN = "the list of its comments lacks the claim"
HIDDEN = "it counts more comments than its list shows since"
OLDER = "the issue is shown as it was before the claim"


def too_old(
    before: Ticket, now: Ticket, listed: Collection[Comment], own: int | None, *, whole: bool
) -> str | None:
    """Why what was read under a claim may be older than the claim; None: it is not.

    The count of comments has to rise by as many as the list shows that are newer than ``before``.
    Then neither is older than the claim, and no other claim is hidden. If it rose by less, comments
    were deleted meanwhile, or written after the issue was read, or the issue is an old one: its
    time decides.

    Args:
        before: the issue when the claim was decided.
        now: the issue as it was read under the claim.
        listed: its comments as they were listed then.
        own: the id of the claim; None: the list lacks it.
        whole: whether ``listed`` are all comments, or those written or changed since ``before``.
    """
    if own is None:
        return UNSHOWN
    if UNCOUNTED in (now.comments, before.comments):
        return None
    # Instants have whole seconds: within one, the order is unknown.
    shown = [each for each in listed if each.id == own or each.created_at <= now.updated_at]
    new = sum(1 for each in shown if each.id == own or each.created_at > before.updated_at)
    rose = now.comments - before.comments
    if rose == new or (whole and now.comments == len(shown)):
        return None
    if rose > new and not (whole and now.comments < len(shown)):
        return HIDDEN
    written = next(each.created_at for each in listed if each.id == own)
    return None if now.updated_at > written else OLDER
