"""A channel to each member over mutual TLS; a call goes to one that answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import grpc

from autoglm_etcd.messages import message

T = TypeVar("T")

TIMEOUT: Final = 5.0  # seconds a call may take; an election takes up to two
_MAX_MESSAGE: Final = 16 * 1024 * 1024  # bytes; a request has 1.5 MiB at most, a page of keys several such
_TRY_ANOTHER: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_OF_A_LEARNER: Final = "not supported for learner"  # said with the code of a refusal; others do support it
_NAMES: Final = {"KV/Compact": "Compaction"}  # whose messages are not called as the method is
_NEEDS_LEADER: Final = (("hasleader", "true"),)  # a member that has lost the others ends the stream, instead of silence
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE),
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),  # gRPC's two minutes are longer than a member's restart
)


class EtcdError(Exception):
    """No member could do it; the message has the last one's reason."""


class Refused(EtcdError):
    """A member answered with a no: another one, or another time, would say the same."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Paths of PEM files: the authority, and this client's certificate and key. They are read when a connection is
    made, so a renewed certificate is used from the next one on."""

    ca: Path
    certificate: Path
    key: Path

    def channel(self) -> grpc.ChannelCredentials:
        return grpc.ssl_channel_credentials(self.ca.read_bytes(), self.key.read_bytes(), self.certificate.read_bytes())


class Connection:
    """`endpoints` are client URLs; `timeout` is of a call to one of them. Any thread; `close` it, or use it as a
    context."""

    def __init__(
        self, endpoints: Sequence[str], credentials: Credentials | None = None, *, timeout: float = TIMEOUT
    ) -> None:
        if not endpoints:
            raise ValueError("endpoints: name at least one client URL")
        self.endpoints, self.credentials, self._timeout = tuple(endpoints), credentials, timeout
        self._channels = {endpoint: _open(endpoint, credentials) for endpoint in endpoints}
        self._first = 0

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()

    def call(self, method: str, *, endpoint: str | None = None, timeout: float | None = None, **fields: Any) -> Any:
        """The response to `Service/Method`, from this member or from the first that answers. Raises EtcdError.

        A write that is tried on a second member may have been done by the first one already.
        """
        request, response, path = _shape(method)
        made = request(**fields)

        def one(channel: grpc.Channel) -> Any:
            call = channel.unary_unary(path, request.SerializeToString, response.FromString)
            return call(made, timeout=timeout or self._timeout)

        return self._try(one, endpoint)

    def download(self, method: str, *, endpoint: str | None = None, timeout: float, **fields: Any) -> Iterator[Any]:
        """The messages of a streamed answer, of one member. Raises EtcdError."""
        request, response, path = _shape(method)
        channel = self._channels[endpoint or self.endpoints[self._first]]
        call = channel.unary_stream(path, request.SerializeToString, response.FromString)
        try:
            yield from call(request(**fields), timeout=timeout)
        except grpc.RpcError as error:
            raise _error(error) from error

    def stream(self, method: str, requests: Iterator[Any], *, endpoint: str | None = None) -> Any:
        """A call with streams both ways; iterate over it, and `cancel()` it. What ends it is a grpc.RpcError.

        Raises EtcdError.
        """
        request, response, path = _shape(method)
        channel = self._channels[endpoint or self.endpoints[self._first]]
        call = channel.stream_stream(path, request.SerializeToString, response.FromString)
        try:
            return call(requests, metadata=_NEEDS_LEADER)
        except ValueError as error:  # of a channel that was closed meanwhile
            raise EtcdError(str(error)) from error

    def move_on(self) -> None:
        """What streams is begun with the next member from now on."""
        self._first = (self._first + 1) % len(self.endpoints)

    def _try(self, one: Callable[[grpc.Channel], T], endpoint: str | None) -> T:
        if endpoint is not None:
            try:
                return one(self._channels[endpoint])
            except grpc.RpcError as error:
                raise _error(error) from error
        last: grpc.RpcError | None = None
        for _ in self.endpoints:
            try:
                return one(self._channels[self.endpoints[self._first]])
            except grpc.RpcError as error:
                if not _passes(error):
                    raise _error(error) from error
                last = error
                self.move_on()
        assert last is not None  # noqa: S101  there is an endpoint
        raise _error(last) from last


def _open(endpoint: str, credentials: Credentials | None) -> grpc.Channel:
    scheme, _, address = endpoint.partition("://")
    if scheme == "http" and credentials is None:
        return grpc.insecure_channel(address, _OPTIONS)
    if scheme == "https" and credentials is not None:
        return grpc.secure_channel(address, credentials.channel(), _OPTIONS)
    raise ValueError(f"endpoint {endpoint!r}: https:// needs credentials, http:// takes none")


def _shape(method: str) -> tuple[Any, Any, str]:
    """Request class, response class and path of `Service/Method`."""
    service, _, name = method.partition("/")
    if service == "Auth" and not name.startswith(service):
        name = service + name
    name = _NAMES.get(method, name)
    return message(f"{name}Request"), message(f"{name}Response"), f"/etcdserverpb.{method}"


def _error(error: grpc.RpcError) -> EtcdError:
    text = f"{error.details()} ({error.code().name})"
    return EtcdError(text) if _passes(error) else Refused(text)


def _passes(error: grpc.RpcError) -> bool:
    """Whether another member may do what this one did not."""
    return error.code() in _TRY_ANOTHER or _OF_A_LEARNER in (error.details() or "")
