"""Reads JSON so that nothing of it is lost unseen: names that come twice, digits of numbers."""

from __future__ import annotations

import json
from typing import Any


class Object(dict[str, Any]):
    """An object of JSON; of a name that comes twice it has the last value."""

    #: The first name that comes twice; None: there is none.
    twice: str | None = None


class Number(float):
    """A number with a fraction or an exponent."""

    #: As it was written.
    written: str

    def __str__(self) -> str:
        """As it was written: no digit is lost."""
        return self.written


def load(text: str) -> Any:
    """The value of a JSON text; its objects are ``Object``, its numbers with a fraction ``Number``.

    Raises:
        ValueError, RecursionError: it is no JSON, or nested too deep.
    """
    return json.loads(
        text, object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number
    )


def _object(pairs: list[tuple[str, Any]]) -> Object:
    made = Object()
    for name, value in pairs:
        if name in made and made.twice is None:
            made.twice = name
        made[name] = value
    return made


def _number(written: str) -> Number:
    made = Number(written)
    made.written = written
    return made


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no value of JSON")
