"""The page on the theory of a holder: what it names exists, and steps stand in their order."""

from __future__ import annotations

import importlib
import re

from scheduler import hold
from scheduler.hold.agenda import Step

PAGE = hold.__doc__ or ""


def test_what_the_page_names_exists() -> None:
    named = set(re.findall(r"``(?!scheduler\.)(\w+)\.(\w+)``", PAGE))
    assert {module for module, _ in named} == {
        "agenda", "alarm", "arming", "holder", "plan", "poll", "relay", "signals",
    }  # fmt: skip
    for module, name in named:
        assert hasattr(importlib.import_module(f"scheduler.hold.{module}"), name)


def test_the_page_names_every_step_but_sleep() -> None:
    named = set(re.findall(r"(?<![.\w])[A-Z]{4,}\b", PAGE))
    assert named == {step.name for step in Step} - {"SLEEP"}
