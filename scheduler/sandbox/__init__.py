"""A local GitHub for tests, demos and users: this product's part of the API, in memory.

``with Sandbox({"octo/queue": folder}) as sandbox:`` serves ``sandbox.url`` on loopback.
Flask is imported with `Sandbox`, not with this package.

Where it knowingly differs from GitHub:

- A branch or tag is a folder, read as it is now; it has one commit, which changes when
  `Controls.set_pushed_at` says so. There is no git, no search, no webhook delivery.
- A token with limited permissions is refused on public repositories too, where GitHub
  would let it read; files are shown to nobody without a token.
- ``concurrency`` holds back whole runs: a run waits for the groups of all its jobs.
- Logs are plain text, one for all jobs, where GitHub redirects to an archive; a job has no
  steps but the one that says why it has not started.
- Only the list of issues has cursors; what GitHub says to a version of its API that it has
  retired nobody has seen yet, so that is made up.
- Web addresses (``html_url``) begin with the API's address and lead nowhere.
- Of the secondary rate limits only those on content are counted; others come as faults.
- GraphQL knows the viewer, issues and their edits.
- act carries runs out on this machine, with its programs, as the user that serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scheduler.sandbox.sandbox import Sandbox as Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    if name == "Sandbox":
        from scheduler.sandbox.sandbox import Sandbox  # noqa: PLC0415  (it needs Flask)

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
