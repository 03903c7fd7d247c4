"""Clocks outside of GitHub: the configuration of each, whole, from the package's own pages.

The pages of ``scheduler/docs/clocks/`` are the one source of what is printed here and of CLOCKS.md:
prose in Markdown, and one block of what is to be carried out or saved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from scheduler.errors import UsageError
from scheduler.text import did_you_mean, shown

#: The clocks, in the order of CLOCKS.md.
CLOCKS = (
    "cloudflare", "eventbridge", "google", "cron-job.org", "easycron", "systemd", "kubernetes"
)  # fmt: skip
#: The page that stands before them.
ABOUT = "about"
#: What stands in the pages for what is not known before.
REPOSITORY, API = "OWNER/REPO", "https://api.github.com"

_FENCE = re.compile(r"```\w*")
_MARKS = re.compile(r"\*\*|(?<!\S)\*(?=\w)|(?<=\w)\*(?![\w*/ ]|$)|(?<=\w)\*(?=[ ,.;]|$)")
_REF = re.compile(r'(ref\\?": \\?")main(?=\\?")')
_BRANCH = re.compile(r"[\w./+@#-]+")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What makes one clock wake the scheduler."""

    #: One of ``CLOCKS``.
    clock: str
    #: What it wakes: ``owner/name``, or the words that are to be replaced by it.
    repository: str
    #: A script, a unit or a manifest; what is to be known of it stands in its comments.
    script: str

    def as_json(self) -> dict[str, Any]:
        """The object that ``clock print --json`` prints."""
        return {"clock": self.clock, "repository": self.repository, "text": self.script}

    def text(self) -> str:
        """The same as it is to be saved."""
        return self.script

    def fitted(self, width: int) -> str:
        """The same: a terminal shows it as it is to be copied."""
        return self.script


def configuration(
    clock: str,
    *,
    repository: str | None = None,
    branch: str = "main",
    api: str = API,
) -> Configuration:
    """The configuration of ``clock``, for this queue where it is named.

    Raises:
        UsageError: there is no such clock, or the branch has a name that no shell takes as it is.
    """
    name = clock.lower()
    if name not in CLOCKS:
        fix = did_you_mean(clock, CLOCKS, f"write one of {', '.join(CLOCKS)}")
        raise UsageError(f"CLOCK: {shown(clock)} is no clock to print; {fix}")
    if not _BRANCH.fullmatch(branch):
        raise UsageError(f"--branch: {shown(branch)} has characters that no script takes as it is")
    text = _REF.sub(lambda found: found[1] + branch, _script(page(name)))
    text = text.replace(API, api).replace(REPOSITORY, repository or REPOSITORY)
    return Configuration(clock=name, repository=repository or REPOSITORY, script=text)


def page(name: str) -> str:
    """The page of a clock, in Markdown."""
    place = files("scheduler").joinpath("docs").joinpath("clocks").joinpath(f"{name}.md")
    return place.read_text(encoding="utf-8").strip() + "\n"


def pages() -> str:
    """CLOCKS.md."""
    return "\n".join(page(name) for name in (ABOUT, *CLOCKS))


def _script(markdown: str) -> str:
    """A page as what it shows, with the prose as comments: so it can be saved as a whole."""
    inside, lines = False, []
    for line in markdown.splitlines():
        if _FENCE.fullmatch(line):
            inside = not inside
        elif inside or not line:
            lines.append(line)
        else:
            lines.append(f"# {_MARKS.sub('', line.lstrip('#').strip())}")
    return "\n".join(lines).strip()
