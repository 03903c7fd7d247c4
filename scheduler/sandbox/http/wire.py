"""WSGI over kept-alive connections, one thread each.

It stands in for `werkzeug.serving`, which the sandbox's needs go against (werkzeug 3.1.9):

- Its handler sends ``Connection: close`` with every answer. So no connection is used twice, as
  GitHub's are, and the fault that goes with that can't be made: a connection that has carried
  answers before is dropped at a later request, which HTTP clients treat unlike a new one.
- It waits 10 ms for unread input after every answer, and starts a connection and a thread for
  each request: half as much processor time again.
- It reads a body of any length, puts a ``Date`` of its own beside that of the sandbox's clock,
  asks a name server for this machine's name, and ends the process where a port is taken.
"""

from __future__ import annotations

import contextlib
import io
import socket
import sys
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a request; what is longer is not read."""


class HangUp(Exception):
    """Raised by the application: close the connection with nothing said."""


class HttpServer(ThreadingHTTPServer):
    """Serves one application on 127.0.0.1. A client that hangs up is no news."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, application: WSGIApplication, port: int) -> None:
        self.application = application
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind, without asking a name server for our own name."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what is not merely a lost connection."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Close the kept-alive connections too."""
        super().server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection; its requests one after another."""

    server: HttpServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def respond(self) -> None:
        """Carry one request through the application."""
        body = self._body()
        if body is None:
            self.send_error(413)
            return
        status: list[str] = []
        headers: list[tuple[str, str]] = []

        def start(line: str, fields: list[tuple[str, str]], _: Any = None) -> Any:
            status[:], headers[:] = [line], fields
            return io.BytesIO().write

        try:
            parts: Iterable[bytes] = self.server.application(self._environ(body), start)
            data = b"".join(parts)
        except HangUp:
            self.close_connection = True
            return
        code, _, reason = status[0].partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        bare = code in ("204", "304")
        if not bare:
            self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bare and self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def __getattr__(self, name: str) -> Any:
        """``do_GET`` and its kind: every method is the application's."""
        if name.startswith("do_"):
            return self.respond
        raise AttributeError(name)

    def _body(self) -> bytes | None:
        """The whole body, so that the next request begins where this one ends."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            chunks = []
            while size := int(self.rfile.readline(64).split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline(4)
            while self.rfile.readline(8192).strip():
                continue
            return b"".join(chunks)
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_LIMIT:
            self.close_connection = True
            return None
        return self.rfile.read(length) if length else b""

    def _environ(self, body: bytes) -> dict[str, Any]:
        """The WSGI environment; a proxy's absolute address is taken apart.

        https://peps.python.org/pep-3333/
        """
        target = urlsplit(self.path) if "://" in self.path[:8] else None
        if target is not None:
            path, query, host = target.path or "/", target.query, target.netloc
        else:
            path, _, query = self.path.partition("?")
            # Two of them, joined, are no name at all; without any no name was misused.
            named = self.headers.get_all("Host") or [f"127.0.0.1:{self.server.server_port}"]
            host = ", ".join(named)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = f"{environ[key]}, {value}" if key in environ else value
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["HTTP_HOST"] = host
        return environ

    def log_message(self, *args: Any) -> None:
        """Nothing: the request log has it."""
