"""What a refusal has to say, whatever its sentence: the field, the value and the fix."""

from __future__ import annotations


def refuses(found: str | None, field: str, *words: str, fix: str) -> bool:
    """Whether a reason names ``field``, holds ``words`` and ends with a fix that holds ``fix``."""
    if found is None or "\n" in found:
        return False
    head, _, end = found.rpartition("; ")
    return head.startswith(f"{field}: ") and all(word in head for word in words) and fix in end
