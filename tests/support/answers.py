"""Answers that are made up, where no server is asked."""

from __future__ import annotations

from typing import Any

import requests

API = "https://api.github.com:443"
HERE = f"{API}/repos/o/r"
#: Answers after which nobody knows whether a write took effect.
LOST: list[dict[str, Any]] = [
    {"status": 502, "json": {"message": "Server Error"}},
    {"status": 500, "body": "<html>oops</html>"},
    {"status": 408},
    {"body": requests.ConnectionError("Connection aborted.")},
    {"body": requests.ReadTimeout("read timed out")},
]
