"""Where the action is to be had, by what an installation says of itself."""

from __future__ import annotations

import json

import pytest

from scheduler.commands.init_source import (
    Installed,
    Source,
    in_use,
    named,
    of_installation,
    repository_of,
)
from scheduler.errors import UsageError

HOST = "github.com"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ADDRESSES = {
    "https://github.com/acme/clock": "acme/clock",
    "https://github.com/acme/clock.git": "acme/clock",
    "https://user:secret@github.com/acme/clock.git": "acme/clock",
    "git+https://GitHub.com/acme/clock/": "acme/clock",
    "git@github.com:acme/clock.git": "acme/clock",
    "ssh://git@github.com/acme/clock": "acme/clock",
    "ssh://git@ssh.github.com:443/acme/clock.git": "acme/clock",
    "git@mine:acme/clock.git": "acme/clock",
    "ssh://git@mine/acme/clock": "acme/clock",
    "https://mine/acme/clock": None,
    "C:/acme/clock": None,
    "git@gitlab.com:acme/clock.git": None,
    "https://gitlab.com/acme/clock": None,
    "https://github.com/acme/clock/issues": None,
    "https://github.com.evil.example/acme/clock": None,
    "file:///srv/clock": None,
    "/srv/git/clock": None,
    "https://[": None,
    "": None,
}


@pytest.mark.parametrize(("url", "name"), ADDRESSES.items(), ids=[*ADDRESSES])
def test_a_repository_is_read_from_its_address(url: str, name: str | None) -> None:
    assert repository_of(url, HOST) == name


def test_a_server_of_one_s_own_is_a_github_too() -> None:
    assert repository_of("https://ghe.example:8443/a/b", "ghe.example:8443") == "a/b"
    assert repository_of("https://github.com/a/b", "ghe.example") is None


def direct(**vcs: str) -> str:
    return json.dumps(
        {"url": "https://github.com/acme/clock.git", "vcs_info": {"vcs": "git"} | vcs}
    )


FROM = {
    "a tag": (
        Installed(direct_url=direct(requested_revision="v1", commit_id=COMMIT)),
        Source(repository="acme/clock", ref="v1", commit=COMMIT),
    ),
    "no revision": (
        Installed(direct_url=direct(commit_id=COMMIT)),
        Source(repository="acme/clock", ref=COMMIT, commit=COMMIT),
    ),
    "an index": (
        Installed(version="1.2.3", urls=("https://docs.example", "https://github.com/acme/clock")),
        Source(repository="acme/clock", ref="v1.2.3"),
    ),
    "a clone": (
        Installed(direct_url='{"url": "file:///srv/x", "dir_info": {"editable": true}}',
                  origin="git@github.com:me/clock.git", commit=COMMIT),
        Source(repository="me/clock", ref=COMMIT, commit=COMMIT),
    ),
    "a clone at a tag": (
        Installed(origin="git@github.com:me/clock.git", commit=COMMIT, tag="v2"),
        Source(repository="me/clock", ref="v2", commit=COMMIT),
    ),
    "a version that was not released": (
        Installed(version="1.2.3.dev1", urls=("https://github.com/acme/clock",)), None),
    "nothing": (Installed(version="1.2.3"), None),
    "no JSON": (Installed(direct_url="{"), None),
    "odd JSON": (Installed(direct_url='{"url": 1, "vcs_info": []}'), None),
    "an odd revision": (
        Installed(direct_url=direct(requested_revision="$(id)", commit_id=COMMIT)), None),
}  # fmt: skip


@pytest.mark.parametrize(("installed", "source"), FROM.values(), ids=FROM)
def test_an_installation_says_where_it_comes_from(
    installed: Installed, source: Source | None
) -> None:
    assert of_installation(installed, HOST) == source


def test_what_is_pinned_names_the_commit_and_notes_the_ref() -> None:
    source = named("acme/clock@v1")
    assert source.uses == source.noted == "acme/clock@v1"
    pinned = source.pin(COMMIT)
    assert pinned.uses == f"acme/clock@{COMMIT}"
    assert pinned.noted == f"acme/clock@{COMMIT} # v1"
    assert named(f"acme/clock@{COMMIT}").pin(COMMIT).noted == f"acme/clock@{COMMIT}"


@pytest.mark.parametrize("pinned", [False, True])
def test_what_a_workflow_uses_is_read_back(pinned: bool) -> None:
    source = named("acme/clock@v1").pin(COMMIT) if pinned else named("acme/clock@v1")
    text = f"steps:\n  - uses: actions/checkout@{COMMIT} # v7\n  - uses: {source.noted}\n"
    assert in_use(text) == source
    assert in_use("steps:\n  - uses: ./.github/actions/schedule\n") is None


@pytest.mark.parametrize(
    "text", ["acme/clock", "clock@v1", "acme/clock@", "acme/clock@$(id)", "a/b/c@v1", "a/b@x..y"]
)
def test_what_is_no_address_is_one_line_with_the_fix(text: str) -> None:
    with pytest.raises(UsageError, match=r"--action: .* write OWNER/NAME@REF") as refused:
        named(text)
    assert "\n" not in str(refused.value)
