"""A server that does less than GitHub: a proxy before the sandbox that leaves things out."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INSTANT = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z"')
NO_LABEL = {
    "message": "Validation Failed",
    "errors": [{"resource": "Label", "field": "name", "code": "invalid"}],
}
KEPT = ("content-length", "transfer-encoding", "connection", "server")


@dataclass(frozen=True, kw_only=True)
class Lesser:
    """What is left out or changed, and nothing else.

    ``word`` is what has to stand before a token, ``link`` what is left out of a page's address.
    ``labels`` are those that there are, where the server makes none by itself but answers
    ``no_label``; a request makes one if ``may_label``. With ``plain`` they are shown as their
    names. Writes to ``silent`` paths are answered with nothing.
    """

    graphql: tuple[int, Any] = (404, {"message": "Not Found"})
    fields: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    missing: str = r"(?!)"
    instants: Callable[[str], str] = field(default=lambda text: f"{text}Z")
    dispatch_error: tuple[int, Any] | None = None
    labels: set[str] | None = None
    may_label: bool = True
    no_label: tuple[int, Any] = (422, NO_LABEL)
    plain: bool = False
    silent: str = r"(?!)"
    word: str = ""
    link: str = r"(?!)"

    def unknown(self, path: str, sent: bytes | None) -> bool:
        """Whether a request is refused for a label that is not there."""
        body = json.loads(sent) if sent else {}
        if self.labels is None or not isinstance(body, dict):
            return False
        if re.search(r"^/repos/[^/]+/[^/]+/labels$", path) and self.may_label:
            self.labels.add(body.get("name", ""))
        return not set(body.get("labels") or ()) <= self.labels


def stripped(data: Any, fields: tuple[str, ...]) -> Any:
    if isinstance(data, dict):
        return {k: stripped(v, fields) for k, v in data.items() if k not in fields}
    return [stripped(each, fields) for each in data] if isinstance(data, list) else data


def plain(data: Any) -> Any:
    """``data`` with its labels as their names."""
    if isinstance(data, dict):
        return data["name"] if "color" in data else {k: plain(v) for k, v in data.items()}
    return [plain(each) for each in data] if isinstance(data, list) else data


class Handler(BaseHTTPRequestHandler):
    """Hands a request on, and what comes back with something left out."""

    protocol_version = "HTTP/1.1"
    #: Head and body in one piece: the second of two would wait for an answer to the first.
    wbufsize = -1
    lesser: Lesser
    upstream: urllib.parse.SplitResult

    def log_message(self, *_: object) -> None:
        return

    def answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(data)

    def handle_any(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        sent = self.rfile.read(length) if length else None
        asked = urllib.parse.urlsplit(self.path)
        refused = self.lesser.dispatch_error
        if not self.headers.get("authorization", "").startswith(self.lesser.word):
            self.answer(401, [], b'{"message": "Bad credentials"}')
        elif asked.path.endswith("/graphql"):
            status, said = self.lesser.graphql
            self.answer(status, [], b"" if said is None else json.dumps(said).encode())
        elif re.search(self.lesser.missing, asked.path):
            self.answer(404, [], b'{"message": "Not Found"}')
        elif refused and sent and b"return_run_details" in sent:
            self.answer(refused[0], [], json.dumps(refused[1]).encode())
        elif self.lesser.unknown(asked.path, sent):
            self.answer(self.lesser.no_label[0], [], json.dumps(self.lesser.no_label[1]).encode())
        else:
            self.forward(asked, sent)

    def forward(self, asked: urllib.parse.SplitResult, sent: bytes | None) -> None:
        lesser = self.lesser
        query = [
            pair for pair in urllib.parse.parse_qsl(asked.query) if pair[0] not in lesser.query
        ]
        there = f"{asked.path}?{urllib.parse.urlencode(query)}" if query else asked.path
        skipped = (*KEPT, "host", "accept-encoding")
        headers = {k: v for k, v in self.headers.items() if k.lower() not in skipped}
        host, port = str(self.upstream.hostname), self.upstream.port
        with contextlib.closing(http.client.HTTPConnection(host, port, timeout=600)) as connection:
            connection.request(self.command, there, sent, headers)
            response = connection.getresponse()
            data = response.read()
        left_out = (*KEPT, *lesser.headers)
        shown = [
            (k, re.sub(lesser.link, "", v) if k.lower() == "link" else v)
            for k, v in response.getheaders()
            if k.lower() not in left_out
        ]
        if self.command != "GET" and response.status < 300 and re.search(lesser.silent, asked.path):
            self.answer(204, shown, b"")
            return
        if data and response.status < 400:
            found = stripped(json.loads(data), lesser.fields)
            text = json.dumps(plain(found) if lesser.plain else found)
            data = INSTANT.sub(lambda m: f'"{lesser.instants(m[1])}"', text).encode()
        self.answer(response.status, shown, data)


for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
    setattr(Handler, f"do_{method}", Handler.handle_any)


@contextlib.contextmanager
def before(url: str, lesser: Lesser) -> Iterator[str]:
    """Serve ``lesser`` on loopback; the address to use instead of ``url``."""
    parts = {"lesser": lesser, "upstream": urllib.parse.urlsplit(url)}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Serving", (Handler,), parts))
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
