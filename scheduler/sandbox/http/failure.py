"""The answers by which GitHub says no, with its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiFailure(Exception):
    """A refusal, as GitHub shapes it: ``{message, errors?, documentation_url, status}``.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON object that GitHub sends with this status."""
        shape: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            shape["errors"] = self.errors
        shape["documentation_url"] = DOCUMENTATION
        shape["status"] = str(self.status)
        return shape


def not_found() -> ApiFailure:
    """What doesn't exist, and what the token may not know about."""
    return ApiFailure(404, "Not Found")


def validation_failed(
    resource: str, code: str, field: str, message: str | None = None
) -> ApiFailure:
    """422 in the form that names a field."""
    error = {"resource": resource, "code": code, "field": field}
    if message is not None:
        error["message"] = message
    return ApiFailure(422, "Validation Failed", errors=[error])


def invalid_request(what: str) -> ApiFailure:
    """422 in the form of GitHub's request schema check."""
    return ApiFailure(422, f"Invalid request.\n\n{what}")


def too_long(resource: str, field: str, maximum: int) -> ApiFailure:
    """422 for a text above ``maximum`` characters."""
    text = f"{field} is too long (maximum is {maximum} characters)"
    return validation_failed(resource, "custom", field, text)


def no_admin() -> ApiFailure:
    """403 for a person whose role is not enough."""
    return ApiFailure(403, "Must have admin rights to Repository.")
