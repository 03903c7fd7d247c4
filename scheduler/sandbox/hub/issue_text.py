"""What GitHub accepts as the text of an issue or a comment."""

from __future__ import annotations

from scheduler.sandbox.http.failure import too_long, validation_failed

BODY_LIMIT = 65_536
"""Characters of a body."""

TITLE_LIMIT = 256


def check_text(
    resource: str, *, title: str | None = None, body: str | None = None, required: bool = False
) -> None:
    """Refuse texts over GitHub's limits, a blank title, and where required a blank body."""
    if title is not None and not title.strip():
        raise validation_failed(resource, "missing_field", "title")
    if title is not None and len(title) > TITLE_LIMIT:
        raise too_long(resource, "title", TITLE_LIMIT)
    if required and not (body or "").strip():
        raise validation_failed(resource, "missing_field", "body", "body can't be blank")
    if body is not None and len(body) > BODY_LIMIT:
        raise too_long(resource, "body", BODY_LIMIT)
