from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As


def test_tokens_are_asked_for_and_checked(as_user: As) -> None:
    nobody, wrong = as_user(None), as_user("ghp_wrong")
    assert nobody("GET", "/issues").status_code == 200
    refused = nobody("POST", "/issues", {"title": "t"})
    assert (refused.status_code, refused.json()["message"]) == (401, "Requires authentication")
    refused = wrong("GET", "/issues")
    assert (refused.status_code, refused.json()["message"]) == (401, "Bad credentials")


def test_a_bearer_token_is_as_good(sandbox: Sandbox, as_user: As) -> None:
    client = as_user(None)
    answer = client("GET", "//user", Authorization=f"Bearer {sandbox.tokens['owner']}")
    assert answer.json()["login"] == "owner"


def test_the_bot_has_no_user_and_one_repository(
    as_user: As, sandbox: Sandbox, folder: Path
) -> None:
    sandbox.add_repository("octo/other", str(folder))
    bot = as_user("bot")
    refused = bot("GET", "//user")
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    made = bot("POST", "/issues", {"title": "t", "labels": ["x"]}).json()
    assert made["user"]["login"] == "github-actions[bot]"
    assert made["user"]["type"] == "Bot"
    assert made["labels"][0]["name"] == "x"
    assert bot("POST", "//repos/octo/other/issues", {"title": "t"}).status_code == 403
    other = as_user(sandbox.bot_token("octo/other"))
    assert other("POST", "//repos/octo/other/issues", {"title": "t"}).status_code == 201


def test_a_private_repository_is_invisible(as_user: As, sandbox: Sandbox, folder: Path) -> None:
    sandbox.add_repository("octo/secret", str(folder), private=True)
    sandbox.set_role("stranger", "none", "octo/secret")
    for token in ("stranger", "bot", None):
        assert as_user(token)("GET", "//repos/octo/secret/issues").status_code == 404
    assert as_user("agent")("GET", "//repos/octo/secret/issues").status_code == 200
    assert as_user("agent")("GET", "//repos/octo/none").status_code == 404


@pytest.mark.parametrize(
    ("permissions", "asked", "missing"),
    [
        ({"issues": "write"}, "GET /contents/README.md", "contents=read"),
        ({"issues": "read"}, "POST /issues", "issues=write"),
        ({"actions": "read"}, "POST /actions/workflows/message.yml/dispatches", "actions=write"),
        ({"contents": "read"}, "POST /dispatches", "contents=write"),
    ],
)
def test_a_permission_that_is_missing_is_named(
    as_user: As, sandbox: Sandbox, permissions: dict[str, str], asked: str, missing: str
) -> None:
    method, path = asked.split()
    person = as_user(sandbox.make_token("agent", permissions=permissions))
    refused = person(method, path, {"title": "t"} if method == "POST" else None)
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by personal access token"
    assert refused.headers["X-Accepted-GitHub-Permissions"] == missing
    bot = as_user(sandbox.make_token("github-actions[bot]", permissions=permissions))
    assert bot(method, path).json()["message"] == "Resource not accessible by integration"


def test_a_token_expires(as_user: As, sandbox: Sandbox) -> None:
    client = as_user(sandbox.make_token("agent", expires_in=3600))
    assert client("GET", "").status_code == 200
    sandbox.set_clock(advance=3600)
    assert client("GET", "").status_code == 401


def test_contents(as_user: As, folder: Path, tmp_path: Path, sandbox: Sandbox) -> None:
    agent = as_user("agent")
    file = agent("GET", "/contents/README.md").json()
    assert file["encoding"] == "base64"
    assert file["url"].endswith("/contents/README.md?ref=main")
    raw = agent("GET", "/contents/README.md", Accept="application/vnd.github.raw+json")
    assert raw.content.decode() == "grüße\n"
    names = [entry["name"] for entry in agent("GET", "/contents/.github/workflows").json()]
    assert names == ["listen.yml", "message.yml", "one.yml", "plain.yml"]
    for path in ("nope", "../secret", ".git/config", "README.md/x", "%2e%2e/x"):
        assert agent("GET", f"/contents/{path}").status_code == 404, path
    other = tmp_path / "branch"
    other.mkdir()
    (other / "only.txt").write_text("here")
    sandbox.add_ref("feature/x", str(other))
    assert agent("GET", "/contents/only.txt").status_code == 404
    assert agent("GET", "/contents/only.txt?ref=feature/x").status_code == 200
    sha = agent("GET", "/branches/feature/x").json()["commit"]["sha"]
    assert agent("GET", f"/contents/only.txt?ref={sha}").status_code == 200
    assert agent("GET", "/contents/only.txt?ref=nope").status_code == 404
    assert agent("GET", "/branches/nope").status_code == 404
    assert agent("GET", "/commits?per_page=1").json()[0]["sha"] != sha


def test_headers_and_conditional_requests(as_user: As, sandbox: Sandbox) -> None:
    agent = as_user("agent")
    agent("POST", "/issues", {"title": "t"})
    first = agent("GET", "/issues")
    assert int(first.headers["X-RateLimit-Limit"]) == 5000
    assert first.headers["X-GitHub-Request-Id"]
    assert first.headers["X-GitHub-Api-Version-Selected"] == "2022-11-28"
    left = int(first.headers["X-RateLimit-Remaining"])
    again = agent("GET", "/issues", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert int(again.headers["X-RateLimit-Remaining"]) == left
    agent("PATCH", "/issues/1", {"title": "u"})
    assert agent("GET", "/issues", If_None_Match=first.headers["ETag"]).status_code == 200


def test_the_primary_limit(as_user: As, sandbox: Sandbox) -> None:
    sandbox.configure(limits={"bot": 3})
    bot = as_user("bot")
    for _ in range(3):
        assert bot("GET", "").status_code == 200
    refused = bot("GET", "")
    assert refused.status_code == 403
    assert refused.json()["message"].startswith("API rate limit exceeded")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert bot("GET", "//rate_limit").json()["rate"]["remaining"] == 0
    assert as_user("agent")("GET", "").status_code == 200
    sandbox.set_clock(advance=3600)
    assert bot("GET", "").status_code == 200


def test_enterprise_addresses_and_absolute_ones(sandbox: Sandbox, as_user: As) -> None:
    agent = as_user("agent")
    answer = agent("GET", "//api/v3/repos/octo/queue").json()
    assert answer["url"] == f"{sandbox.url}/api/v3/repos/octo/queue"
    proxied = agent.session.get(
        "http://api.github.localhost/repos/octo/queue", proxies={"http": sandbox.url}
    )
    assert proxied.json()["url"] == "http://api.github.localhost/repos/octo/queue"


def test_broken_json_and_unknown_paths(agent_url: str, sandbox: Sandbox, as_user: As) -> None:
    client = as_user("agent")
    broken = client.session.post(agent_url + "/issues", data=b"{")
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
    assert client("GET", "/nope").status_code == 404
    assert client("PUT", "/issues").status_code == 404


@pytest.fixture
def agent_url(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/repos/octo/queue"
