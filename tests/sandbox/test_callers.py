"""Who is answered: the sandbox runs commands as its user, so no page and no neighbour may ask."""

from __future__ import annotations

import http.client
import json
import os
import socket
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scheduler.sandbox import Sandbox
from scheduler.sandbox.command import exports
from scheduler.sandbox.controls import NAMES

ISSUES = "/repos/octo/queue/issues"
CONTROL = "/_sandbox/"
CONTROL_TOKEN = "SCHEDULE_SANDBOX_TOKEN"


def ask(
    sandbox: Sandbox, method: str, path: str, body: Any = None, *, host: str | None = "",
    **headers: str,
) -> tuple[int, Mapping[str, str], Any]:  # fmt: skip
    """One request; ``host`` is what it calls the server, None sends no such header."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=120)
    try:
        data = None if body is None else json.dumps(body).encode()
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if host is not None:
            connection.putheader("Host", host or f"127.0.0.1:{sandbox.port}")
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, dict(answer.headers.items()), json.loads(text) if text else None
    finally:
        connection.close()


def control(sandbox: Sandbox, name: str, given: Any = None, **headers: str) -> tuple[int, Any]:
    status, _, told = ask(sandbox, "POST", CONTROL + name, given or {}, **headers)
    return status, told


def bearer(sandbox: Sandbox) -> str:
    return f"Bearer {sandbox.control_token}"


# The control routes.


@pytest.mark.parametrize("known", [None, "agent", "owner", "bot", "prefix", "longer"])
def test_no_control_without_its_own_token(sandbox: Sandbox, known: str | None) -> None:
    text = sandbox.control_token
    tokens = {"prefix": text[:-1], "longer": text + "x", **sandbox.tokens}
    given = {} if known is None else {"Authorization": f"Bearer {tokens[known]}"}
    for name in (*NAMES, "nope"):
        status, told = control(sandbox, name, **given)
        assert status == 401, name
        assert CONTROL_TOKEN in told["message"]
        assert text not in json.dumps(told)


@pytest.mark.parametrize(
    "sent",
    [
        *("", "Bearer", "Bearer ", "token", "Basic {token}", "{token}", "Bearer {token} x"),
        *("Bearer \u00ff", "Bearer {token}\u00ff"),
    ],
)
def test_a_control_token_is_sent_as_a_token(sandbox: Sandbox, sent: str) -> None:
    text = sent.format(token=sandbox.control_token)
    assert control(sandbox, "faults", Authorization=text)[0] == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_with_it_everything_is_as_it_was(sandbox: Sandbox, scheme: str) -> None:
    text = f"{scheme} {sandbox.control_token}"
    status, made = control(sandbox, "make_token", {"user": "x", "role": "read"}, Authorization=text)
    assert status == 200
    assert made in sandbox.state.tokens
    assert control(sandbox, "nope", Authorization=text)[0] == 404
    assert control(sandbox, "set_latency", {"seconds": "x"}, Authorization=text)[0] in (200, 422)


def test_the_token_is_random_and_no_token_of_the_api(sandbox: Sandbox, folder: Path) -> None:
    assert len(sandbox.control_token) >= 32
    assert sandbox.control_token not in sandbox.state.tokens
    with Sandbox({"octo/queue": folder}) as other:
        assert other.control_token != sandbox.control_token
    status, _, told = ask(sandbox, "GET", "/user", Authorization=bearer(sandbox))
    assert (status, told["message"]) == (401, "Bad credentials")


def test_a_page_can_not_send_what_a_form_or_a_simple_request_can(sandbox: Sandbox) -> None:
    """A page needs no leave for these types; of the token it knows nothing.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS#simple_requests
    """
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert control(sandbox, "reset", Content_Type=kind)[0] == 401
        status, _, _ = ask(sandbox, "POST", ISSUES, {"title": "t"}, Content_Type=kind)
        assert status == 401
    assert not sandbox.repository().issues


# Names and origins.

LOOPBACK = [
    "127.0.0.1", "127.0.0.1:{port}", "localhost", "LOCALHOST:{port}", "127.8.9.10:1",
    "api.github.localhost", "github.localhost:80", "[::1]:{port}",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}",
    "127.0.0.1@evil.example", "localhost.evil.example", "evillocalhost", "0.0.0.0:{port}",
    "192.168.1.2:{port}", "[::]:{port}",
    "2130706433:{port}", "127.1", "127.0.0.256", "127.0.0.1:{port}:1", "127.0.0.1 evil.example",
    ".localhost", "127.0.0.1, evil.example", "",
]  # fmt: skip
PATHS = [
    ("GET", ISSUES), ("POST", ISSUES), ("GET", "/nope"), ("POST", CONTROL + "faults"),
    ("POST", "/graphql"), ("GET", "/api/v3" + ISSUES), ("OPTIONS", ISSUES), ("DELETE", "/"),
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_every_name_of_this_machine_will_do(sandbox: Sandbox, host: str) -> None:
    status, _, _ = ask(sandbox, "GET", ISSUES, host=host.format(port=sandbox.port))
    assert status == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_no_other_name_is_answered(sandbox: Sandbox, host: str) -> None:
    """A page's own name may be made to point here (DNS rebinding): it then has no other origin."""
    named = host.format(port=sandbox.port) or " "
    for method, path in PATHS:
        status, _, told = ask(
            sandbox, method, path, {"title": "t"}, host=named, Authorization=bearer(sandbox)
        )
        assert (status, told["message"].partition(":")[0]) == (403, "Host"), path
    assert not sandbox.repository().issues


def test_two_names_are_none(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=120) as raw:
        head = f"GET {ISSUES} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n"
        raw.sendall(f"{head}Connection: close\r\n\r\n".encode())
        assert raw.makefile("rb").readline().split()[1] == b"403"


def test_a_proxy_s_address_is_a_name_too(sandbox: Sandbox) -> None:
    for host, expected in (("evil.example", 403), ("api.github.localhost", 200)):
        status, _, _ = ask(sandbox, "GET", f"http://{host}{ISSUES}", host="127.0.0.1")
        assert status == expected


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "http://evil.example", "http://localhost:3000", "http://127.0.0.1"),
        *("https://127.0.0.1:{port}", "http://127.0.0.1:{port}.evil.example", "file://", ""),
        "http://localhost:{port}",  # another than the address that it calls
    ],
)
def test_no_page_is_answered(sandbox: Sandbox, origin: str) -> None:
    """Not even one of another server on this machine, which another user may have started."""
    named = origin.format(port=sandbox.port)
    for method, path in PATHS:
        status, headers, told = ask(
            sandbox, method, path, {"title": "t"}, Origin=named, Authorization=bearer(sandbox)
        )
        assert (status, told["message"].partition(":")[0]) == (403, "Origin"), path
        assert not [name for name in headers if name.lower().startswith("access-control-")]
    assert not sandbox.repository().issues


def test_its_own_origin_will_do(sandbox: Sandbox) -> None:
    assert ask(sandbox, "GET", ISSUES, Origin=sandbox.url)[0] == 200
    local = f"localhost:{sandbox.port}"
    assert ask(sandbox, "GET", ISSUES, host=local, Origin=f"http://{local}")[0] == 200


@pytest.mark.parametrize(
    ("site", "expected"),
    [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)],
)
def test_what_a_browser_says_of_a_request_without_an_origin(
    sandbox: Sandbox, site: str, expected: int
) -> None:
    """An image, a script, a link: https://www.w3.org/TR/fetch-metadata/ ."""
    assert ask(sandbox, "GET", ISSUES, Sec_Fetch_Site=site)[0] == expected


def test_programs_without_a_browser_need_not_say_where_they_come_from(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=120) as raw:
        raw.sendall(f"GET {ISSUES} HTTP/1.0\r\n\r\n".encode())
        assert raw.makefile("rb").readline().split()[1] == b"200"


# Other doors.


def test_it_listens_on_loopback_alone(sandbox: Sandbox) -> None:
    assert sandbox._server._server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_request_is_of_the_method_that_it_is_of(sandbox: Sandbox, header: str) -> None:
    token = f"token {sandbox.tokens['owner']}"
    ask(sandbox, "POST", ISSUES, {"title": "t"}, Authorization=token)
    for told in ("PATCH", "DELETE", "POST"):
        named = {header.replace("-", "_"): told}
        status, _, _ = ask(
            sandbox, "GET", f"{ISSUES}/1", {"state": "closed"}, Authorization=token, **named
        )
        assert status == 200
    assert sandbox.repository().issues[1].view.state == "open"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/octo/queue.git/info/refs?service=git-receive-pack"),
        ("POST", "/octo/queue.git/git-receive-pack"),
        ("PUT", "/repos/octo/queue/contents/.github/workflows/evil.yml"),
        ("POST", "/repos/octo/queue/git/refs"),
        ("PATCH", "/repos/octo/queue/git/refs/heads/main"),
        ("POST", "/repos/octo/queue/merges"),
        ("GET", CONTROL + "add_ref"),
        ("PUT", CONTROL + "add_ref"),
    ],
)
def test_what_act_runs_can_not_be_pushed(sandbox: Sandbox, method: str, path: str) -> None:
    token = f"token {sandbox.tokens['owner']}"
    body = {"message": "m", "content": "", "ref": "refs/heads/main", "name": "main", "folder": "/"}
    status, _, _ = ask(sandbox, method, path, body, Authorization=token)
    assert status == 404


def test_files_are_for_who_has_a_token_and_none_lies_outside(
    sandbox: Sandbox, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "private").write_text("a secret of this machine")
    (folder / "link").symlink_to(tmp_path / "private")
    (folder / "up").symlink_to(tmp_path)
    (folder / "inside").symlink_to(folder / "README.md")
    contents, token = "/repos/octo/queue/contents", f"token {sandbox.tokens['agent']}"
    for path in ("", "/README.md", "/.github/workflows"):
        assert ask(sandbox, "GET", contents + path)[0] == 401
    for path in ("/link", "/up/private", "/up"):
        assert ask(sandbox, "GET", contents + path, Authorization=token)[0] == 404
    status, _, listed = ask(sandbox, "GET", contents, Authorization=token)
    assert status == 200
    assert {"README.md", "inside"} <= {each["name"] for each in listed}
    assert not {"link", "up"} & {each["name"] for each in listed}
    assert ask(sandbox, "GET", contents + "/inside", Authorization=token)[0] == 200


# What others on the machine can read.


def test_the_token_stands_in_the_export_line_and_in_no_run(sandbox: Sandbox) -> None:
    line = exports(sandbox)
    assert line.startswith("export ")
    assert f"{CONTROL_TOKEN}={sandbox.control_token}" in line.split()
    assert sandbox.control_token not in str(sandbox._variables(sandbox.repository()))
    assert sandbox.control_token not in str(sandbox.environ("owner"))
    assert sandbox.control_token not in repr(sandbox)


STAND_IN = """\
#!/bin/sh
# In act's place: notes what it is given, and who may read the files that it is given by.
{
  tr '\\0' '\\n' < /proc/$$/cmdline
  env
} > "$NOTES"
while [ $# -gt 0 ]; do
  case "$1" in
    --secret-file | --eventpath)
      stat -c '%a %n' "$2" "$(dirname "$(dirname "$2")")" >> "$NOTES.modes" ;;
  esac
  shift
done
"""


def test_no_token_stands_where_another_user_can_read_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, notes = tmp_path / "act", tmp_path / "notes"
    act.write_text(STAND_IN)
    act.chmod(0o755)
    monkeypatch.setenv("NOTES", str(notes))
    monkeypatch.setenv(CONTROL_TOKEN, "of-an-older-sandbox")
    before = os.umask(0)  # the widest is what is tried here
    try:
        with Sandbox({"octo/queue": folder}, act=act) as sandbox:
            ended = threading.Event()
            finish = sandbox._act.finish if sandbox._act else None
            assert sandbox._act is not None
            assert finish is not None

            def done(*told: Any) -> None:
                finish(*told)
                ended.set()

            sandbox._act.finish = done
            sandbox.start_cron("listen.yml")
            assert ended.wait(300)
            texts = [*sandbox.state.tokens, sandbox.control_token, "of-an-older-sandbox"]
    finally:
        os.umask(before)
    said = notes.read_text()
    assert "--secret-file" in said
    assert not [text for text in texts if text in said]
    modes = [line.split(" ", 1) for line in Path(f"{notes}.modes").read_text().splitlines()]
    closed = [int(mode, 8) & (stat.S_IRWXG | stat.S_IRWXO) == 0 for mode, _ in modes]
    assert len(modes) == 4
    # Each file is closed itself, or lies in a folder that is.
    assert all(file or place for file, place in zip(closed[::2], closed[1::2], strict=True))
    assert [mode for mode, name in modes if name.endswith("secrets")] == ["600"]
