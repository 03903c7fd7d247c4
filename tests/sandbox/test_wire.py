from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest

from scheduler.sandbox import Sandbox


def connect(sandbox: Sandbox) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=120)


def answered(connection: http.client.HTTPConnection) -> int:
    response = connection.getresponse()
    response.read()
    response.close()
    connection.close()
    return response.status


def test_a_connection_is_kept_alive(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    ports = set()
    for _ in range(3):
        connection.request("GET", "/repos/octo/queue")
        assert connection.getresponse().read()
        assert connection.sock is not None
        ports.add(connection.sock.getsockname())
    connection.close()
    assert len(ports) == 1


@pytest.mark.parametrize(("kind", "issues"), [("drop-before", 1), ("drop-after", 2)])
def test_a_connection_is_dropped_that_was_kept_alive(
    sandbox: Sandbox, kind: str, issues: int
) -> None:
    connection = connect(sandbox)
    headers = {"Authorization": f"token {sandbox.tokens['agent']}"}
    asked = ("POST", "/repos/octo/queue/issues", b'{"title": "t"}', headers)
    connection.request(*asked)
    assert connection.getresponse().read()
    assert connection.sock is not None
    sandbox.fault(kind)
    connection.request(*asked)
    assert connection.sock.recv(1) == b""
    connection.close()
    assert len(sandbox.repository().issues) == issues


def test_an_end_closes_what_was_kept_alive(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    connection.request("GET", "/repos/octo/queue")
    assert connection.getresponse().read()
    sandbox.close()
    assert connection.sock is not None
    assert connection.sock.recv(1) == b""
    connection.close()


def test_a_chunked_body(sandbox: Sandbox) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"title": '
        yield b'"in parts"}'

    connection = connect(sandbox)
    headers = {"Authorization": f"token {sandbox.tokens['agent']}"}
    connection.request("POST", "/repos/octo/queue/issues", body(), headers, encode_chunked=True)
    assert answered(connection) == 201
    assert sandbox.repository().issues[1].view.title == "in parts"


def test_a_client_that_hangs_up_harms_nobody(sandbox: Sandbox) -> None:
    for text in (b"", b"GET", b"GET /repos/octo/queue HTTP/1.1\r\n", b"nonsense\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", sandbox.port)) as raw:
            raw.sendall(text)
    with socket.create_connection(("127.0.0.1", sandbox.port)) as raw:
        raw.sendall(b"POST /repos/octo/queue/issues HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
    connection = connect(sandbox)
    connection.request("HEAD", "/repos/octo/queue")
    assert answered(connection) == 200
    assert not sandbox.repository().issues


def test_a_body_that_is_too_large_is_not_read(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    connection.putrequest("POST", "/repos/octo/queue/issues")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders()
    assert answered(connection) == 413
