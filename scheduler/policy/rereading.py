"""Whether what was read of an issue is as new as what was written on it before.

GitHub promises no read-after-write, and counts an issue's comments apart from listing them. What
a count says follows from how it *changed*: a server may count what it doesn't show, and people
delete what they wrote.
"""

from __future__ import annotations

from collections.abc import Collection

from scheduler.ports import UNCOUNTED, Comment, Ticket

#: Why nothing may follow from what was read.
UNSHOWN = "the list of its comments lacks the claim"
HIDDEN = "it counts more comments than its list shows since"
OLDER = "the issue is shown as it was before the claim"


def too_old(
    before: Ticket, now: Ticket, listed: Collection[Comment], own: int | None, *, whole: bool
) -> str | None:
    """Why what was read after a claim was written may be older than the claim; None: it is not.

    ``before`` is the issue as it was known when the claim was decided, ``now`` as it was read
    again. ``listed`` are the comments that the list shows, all of them or (not ``whole``) those
    that were written or changed since ``before``. ``own`` is the id of the claim, None where the
    list lacks it.

    The number of comments has to rise by as many as the list shows that are newer than
    ``before``. Then neither is older than the claim, and no other claim is hidden. If it rose by
    less, comments were deleted meanwhile, or written after the issue was read, or that is an old
    one: only its time can tell.
    """
    if own is None:
        return UNSHOWN
    if UNCOUNTED in (now.comments, before.comments):
        return None
    # In the same second nothing tells which came first; instants have whole seconds.
    shown = [each for each in listed if each.id == own or each.created_at <= now.updated_at]
    new = sum(1 for each in shown if each.id == own or each.created_at > before.updated_at)
    rose = now.comments - before.comments
    if rose == new or (whole and now.comments == len(shown)):
        return None
    if rose > new and not (whole and now.comments < len(shown)):
        return HIDDEN
    written = next(each.created_at for each in listed if each.id == own)
    return None if now.updated_at > written else OLDER
