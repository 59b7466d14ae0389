"""What can go wrong between the provider and a cluster."""

from collections.abc import Mapping


class ApiError(Exception):
    """The API server's answer to a request it refused."""

    def __init__(
        self, code: int, message: str, reason: str = "", causes: list[Mapping[str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.reason, self.causes = code, message, reason, causes or []


class Unreachable(Exception):
    """No answer from the API server."""


class KindUnknown(Exception):
    """The cluster does not serve this kind (yet)."""
