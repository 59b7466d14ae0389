"""From typed settings to the gateway's Envoy configuration (v3 API): pure, so that a test can run real Envoy on it."""

import re
from dataclasses import dataclass, field
from typing import Any

from components import (
    envoy_affinity,
    envoy_balancing,
    envoy_jwt,
    envoy_listener,
    envoy_metrics,
    envoy_overload,
    envoy_probes,
    envoy_shared_limits,
    envoy_tracing,
    envoy_traffic,
    envoy_upstream,
    envoy_waiting,
)
from components.envoy_affinity import Affinity
from components.envoy_balancing import Balancing
from components.envoy_denied import Denied
from components.envoy_jwt import JwtIssuer
from components.envoy_limits import Limits
from components.envoy_shared_limits import SharedLimits
from components.envoy_tracing import Tracing
from components.envoy_waiting import WaitingRoom

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class EnvoySettings:
    """What the gateway does with traffic. Times in seconds, sizes in bytes."""

    upstream_host: str  # a name whose every address is one ready model server
    upstream_port: int = 8000
    candidate_host: str = ""  # such a name, of servers that host a version on trial; they may be the same
    candidate_port: int = 8000
    traffic_folder: str = ""  # of a candidate: see envoy_traffic
    api_keys: tuple[tuple[str, str], ...] = ()  # (client's name, key), a client may have several
    issuers: tuple[JwtIssuer, ...] = ()
    limits: Limits = field(default_factory=Limits)
    shared_limits: SharedLimits | None = None
    denied: Denied = field(default_factory=Denied)
    affinity: Affinity = Affinity.NONE
    balancing: Balancing = Balancing.LEAST_REQUESTS  # without affinity
    tracing: Tracing | None = None
    waiting_room: WaitingRoom | None = None  # where requests wait while no server of the stable version is ready
    tls_secret: str = ""  # path of envoy_tls.secret_file; none: TLS ends before the gateway, or nowhere
    proxies: int = 0  # in front, each of which adds the address that it got a request from to X-Forwarded-For
    max_requests: int = 1024  # open ones
    max_batch_requests: int = 256  # open ones that can wait: beyond it they are told to come again
    address: str = "0.0.0.0"  # noqa: S104  to listen on: the pod's own
    port: int = 8080
    probe_port: int = 8081
    metrics_port: int = 8082
    admin_port: int = 9901
    max_body_bytes: int = 16 * 1024 * 1024  # a 10 MB screenshot is 13.4 MB in base64
    max_stream_seconds: int = 600
    idle_seconds: int = 300  # between two bytes, so also for the first token of a long prompt in a full queue
    header_seconds: int = 10
    body_seconds: int = 120  # 16 MiB over 1.1 Mbit/s
    settle_seconds: int = 5
    max_heap_bytes: int = 400 * 1024 * 1024

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = int(name != "proxies")
            if isinstance(value, int) and value < least:
                raise ValueError(f"EnvoySettings.{name}: {value} is not allowed: it must be at least {least}")
        if not (self.api_keys or self.issuers):
            raise ValueError("EnvoySettings.api_keys: none given, so nobody could use the gateway: give one or more")
        if self.affinity is not Affinity.NONE and self.balancing is not Balancing.LEAST_REQUESTS:
            raise ValueError(f"EnvoySettings.balancing: {self.balancing}, but affinity chooses: give one of the two")
        for client, key in self.api_keys:
            if self.issuers and re.fullmatch(envoy_jwt.SHAPE, f"Bearer {key}"):
                raise ValueError(f"EnvoySettings.api_keys: that of {client} has a token's two dots: give another")


def config(settings: EnvoySettings) -> Json:
    """The whole bootstrap configuration. It holds the API keys, so it belongs in a Secret."""
    dynamic = {"layered_runtime": envoy_traffic.runtime(settings.traffic_folder)} if settings.candidate_host else {}
    return {
        "node": {"id": "gateway", "cluster": "open-autoglm"},  # asked for by whatever is read from files
        "admin": {"address": _address("127.0.0.1", settings.admin_port)},
        "static_resources": {
            "listeners": [
                envoy_listener.listener(settings),
                envoy_probes.listener(
                    settings.address, settings.probe_port, envoy_listener.STREAMS_STAT, settings.settle_seconds
                ),
                envoy_metrics.listener(settings.address, settings.metrics_port),
            ],
            "clusters": [
                *_upstreams(settings),
                *envoy_jwt.clusters(settings.issuers),
                *envoy_shared_limits.clusters(settings.shared_limits),
                *envoy_tracing.clusters(settings.tracing),
                *envoy_probes.clusters(settings.probe_port, settings.admin_port),
            ],
        },
        "overload_manager": envoy_overload.manager(settings.max_heap_bytes),
        **dynamic,
    }


def arguments(path: str, threads: int) -> list[str]:
    """Envoy's command line. A pod is replaced, not restarted in place: hot restart's shared memory is not needed."""
    return ["--config-path", path, "--concurrency", str(threads), "--disable-hot-restart", "--log-level", "warning"]


def _upstreams(settings: EnvoySettings) -> list[Json]:
    stable = (envoy_traffic.STABLE, settings.upstream_host, settings.upstream_port)
    candidate = (envoy_traffic.CANDIDATE, settings.candidate_host, settings.candidate_port)
    open_at_most = (settings.max_requests, settings.max_batch_requests)
    choice = envoy_affinity.balancing(settings.affinity) or envoy_balancing.cluster(settings.balancing)
    first, *others = [
        envoy_upstream.cluster(*upstream, open_at_most, choice)
        for upstream in (stable, *([candidate] if settings.candidate_host else []))
    ]
    return [*envoy_waiting.clusters(first, settings.waiting_room), *others]


def _address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}
