"""A sandbox with three workflows, and a client that speaks HTTP to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from scheduler.sandbox import Sandbox

WORKFLOWS = {
    "message.yml": """
name: Message
run-name: "for ${{ inputs.agent }} [${{ inputs.schedule_id }}]"
on:
  workflow_dispatch:
    inputs:
      agent: {}
      message: {required: true}
      schedule_id: {}
      level: {type: choice, options: [low, high]}
      dry: {type: boolean}
jobs:
  say:
    runs-on: ubuntu-latest
    steps:
      - env: {MESSAGE: "${{ inputs.message }}"}
        run: echo "heard $MESSAGE"
""",
    "plain.yml": """
on: push
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}
""",
    "listen.yml": """
name: Listen
on:
  issues: {types: [opened, labeled]}
  repository_dispatch: {types: [wake]}
  schedule: [{cron: "7 * * * *"}]
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}
""",
    "one.yml": """
name: One
on: workflow_dispatch
concurrency: one-${{ github.ref_name }}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "work" / ".github" / "workflows"
    place.mkdir(parents=True)
    for name, text in WORKFLOWS.items():
        (place / name).write_text(text)
    (tmp_path / "work" / "README.md").write_text("grüße\n")
    return tmp_path / "work"


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with Sandbox({"octo/queue": folder}) as running:
        yield running


class Client:
    """Requests as one user; paths are the repository's own unless they begin with //."""

    def __init__(self, sandbox: Sandbox, token: str | None) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        if token is not None:
            self.session.headers["Authorization"] = f"token {sandbox.tokens.get(token, token)}"

    def __call__(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> requests.Response:
        root = path[1:] if path.startswith("//") else f"/repos/octo/queue{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(
            method, self.sandbox.url + root, json=body, headers=named, allow_redirects=False
        )


As = Callable[..., Client]


@pytest.fixture
def as_user(sandbox: Sandbox) -> Iterator[As]:
    made: list[Client] = []

    def make(token: str | None = "agent", of: Sandbox = sandbox) -> Client:
        made.append(Client(of, token))
        return made[-1]

    yield make
    for client in made:
        client.session.close()


@pytest.fixture
def agent(as_user: As) -> Client:
    return as_user("agent")
