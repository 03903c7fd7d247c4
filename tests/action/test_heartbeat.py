"""The monitor of a tick: asked for once, whatever it answers, and never shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scheduler.action import heartbeat, main
from scheduler.action.heartbeat import address, beat
from scheduler.errors import UsageError
from tests.conftest import Stage, body
from tests.support.hold_stage import until

SECRET = "0f3b2c1d-ping"  # part of every address here; no output may hold it


class Monitor(ThreadingHTTPServer):
    """A monitor on loopback, which answers as its ``status`` says and notes what is asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.status = 200
        self.hangs = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Monitor

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.status == 0:
            self.server.hangs.wait(600)
            return
        self.send_response(self.server.status)
        self.send_header("Location", f"{self.server.url}/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def served() -> Iterator[Monitor]:
    monitor = Monitor()
    thread = threading.Thread(target=monitor.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield monitor
    finally:
        monitor.hangs.set()
        monitor.shutdown()
        thread.join()
        monitor.server_close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers has answered in time, on a machine that stands still as well."""
    monkeypatch.setattr(heartbeat, "PATIENCE", 600.0)


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with served() as found:
        yield found


@pytest.mark.parametrize(
    ("text", "well", "stopped"),
    [
        ("https://hc-ping.com/x", "https://hc-ping.com/x", "https://hc-ping.com/x/fail"),
        ("https://hc-ping.com/x/", "https://hc-ping.com/x/", "https://hc-ping.com/x/fail"),
        ("https://m.example/p?k=1#f", "https://m.example/p?k=1", "https://m.example/p/fail?k=1"),
        ("  https://m.example\n", "https://m.example", "https://m.example/fail"),
        ("http://127.0.0.1:8/x", "http://127.0.0.1:8/x", "http://127.0.0.1:8/x/fail"),
        ("http://localhost/x", "http://localhost/x", "http://localhost/x/fail"),
        ("http://[::1]:8/x", "http://[::1]:8/x", "http://[::1]:8/x/fail"),
    ],
)
def test_where_it_is_told(text: str, well: str, stopped: str) -> None:
    assert (address(text, failed=False), address(text, failed=True)) == (well, stopped)


@pytest.mark.parametrize(
    "text",
    [
        "http://hc-ping.com/x", "hc-ping.com/x", "ftp://hc-ping.com/x", "https://", "https:///x",
        "file:///etc/passwd", "https://[x/", "https://a:b:c/", "x", " ", "https://m.example/a b",
        "https://m.example/\x00", "http://127.0.0.1.example/x", "http://localhost.example/x",
        "https://m.example/\u00fc",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match=r"^heartbeat-url: is no https address .*; write one such"):
        address(text, failed=False)
    said = beat(text, failed=False) or ""
    assert said.startswith("heartbeat-url: is no https address")
    assert len(text.strip()) < 9 or text.strip() not in said


@pytest.mark.parametrize(
    ("status", "words"),
    [(301, "answers with 301; give"), (307, "answers with 307; give"), (404, "404; check"),
     (500, "answers with 500; check"), (401, "401; check")],
)  # fmt: skip
def test_another_answer_is_a_line_and_no_redirect_is_followed(
    monitor: Monitor, status: int, words: str
) -> None:
    monitor.status = status
    said = beat(monitor.url, failed=False) or ""
    assert words in said
    assert SECRET not in said
    assert monitor.asked == [f"/{SECRET}"]


def test_one_that_hangs_is_left(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = heartbeat._ask
    monkeypatch.setattr(heartbeat, "_ask", lambda asked, _: ask(asked, 600.0))
    monkeypatch.setattr(heartbeat, "PATIENCE", 0.2)
    monitor.status = 0
    assert beat(monitor.url, failed=True) == (
        "heartbeat-url: gives no answer within 0.2 s; check it"
    )
    until(lambda: monitor.asked)
    assert monitor.asked == [f"/{SECRET}/fail"]


def test_one_that_is_away_is_a_line() -> None:
    with served() as gone:
        url = gone.url
    said = beat(url, failed=False) or ""
    assert (said.startswith("heartbeat-url: "), SECRET in said) == (True, False)


# Through the action.


def ticked(stage: Stage, capfd: pytest.CaptureFixture[str], **more: str) -> tuple[int, str]:
    environ = {**stage.environ("bot"), "GITHUB_ACTIONS": "true", "SCHEDULE_HOLD": "0s", **more}
    status = main.main(environ)
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    return status, out


def test_a_tick_that_ended_well_tells_it_once(
    stage: Stage, monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.open(body(-60))
    status, out = ticked(stage, capfd, SCHEDULE_HEARTBEAT_URL=monitor.url)
    assert (status, monitor.asked) == (0, [f"/{SECRET}"])
    assert "heartbeat" not in out


@pytest.mark.slow
def test_one_that_stopped_tells_that(
    stage: Stage, monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.sandbox.fault("502-before", method="GET", path="/issues$", count=9)
    ticked(stage, capfd, SCHEDULE_HEARTBEAT_URL=monitor.url)
    assert monitor.asked == [f"/{SECRET}/fail"]


def test_so_does_one_that_could_not_begin(
    stage: Stage, monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.settings("label: [\n")
    status, _ = ticked(stage, capfd, SCHEDULE_HEARTBEAT_URL=monitor.url)
    assert (status, monitor.asked) == (2, [f"/{SECRET}/fail"])


def test_a_monitor_s_answer_changes_nothing_but_a_warning(
    stage: Stage, monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    monitor.status = 500
    stage.open(body(-60))
    status, out = ticked(stage, capfd, SCHEDULE_HEARTBEAT_URL=monitor.url)
    assert status == 0
    assert "::warning title=schedule::heartbeat-url: answers with 500" in out
    assert len(stage.runs()) == 1


def test_without_an_address_nobody_is_asked(
    stage: Stage, monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ticked(stage, capfd)[0] == 0
    assert monitor.asked == []
