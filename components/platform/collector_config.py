"""The OpenTelemetry collector's configuration: spans come in by OTLP, lose what is not known to be harmless, and go on.

Pure. Keys are those of the collector's contrib distribution from v0.123 to v0.153 (go.opentelemetry.io/collector, the
components' config.schema.yaml); since v0.144 the exporter `otlp` is also called `otlp_grpc`.
"""

from dataclasses import dataclass
from typing import Any

from components.platform.monitoring.scrape import SecretKey
from components.workloads import traces

Json = dict[str, Any]

GRPC_PORT, HTTP_PORT, METRICS_PORT, HEALTH_PORT = 4317, traces.PORT, 8888, 13133
SECRETS_FOLDER = "/etc/otelcol/secrets"
MEMORY_PERCENT = 80  # of the container's limit; from 64 % on spans are refused, which their senders drop or send again
_BATCH = 512  # spans
_QUEUED = 200  # batches that wait for the store: 100 MB of spans of 1 kB
_RETRIED = "300s"  # then a batch is given up

RESOURCE = ("service.name", "service.version", "service.instance.id", "telemetry.sdk.name", "telemetry.sdk.version")
SERVERS = (
    "http.request.method", "http.response.status_code", "http.route", "url.path",
    "rpc.system", "rpc.service", "rpc.method", "rpc.grpc.status_code",
    "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.response.id", "gen_ai.response.finish_reasons",
    "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "infer.model.name", "infer.batch.rows",
)  # fmt: skip
"""What the model servers' spans tell (serving/autoglm_serving): no prompt, no answer, no image, no header."""
GATEWAY = (
    "component", "error", "guid:x-request-id", "http.method", "http.protocol", "http.status_code", "http.url",
    "request_size", "response_flags", "response_size", "upstream_address", "upstream_cluster", "upstream_cluster.name",
)  # fmt: skip
"""What Envoy's spans tell, without the client's address and its User-Agent. `http.url` is a path without a query."""

CREDENTIAL_KEYS = r"(?i)(authorization|cookie|api[-_.]?key|secret|password|access[-_.]?token)"
CREDENTIAL_VALUES = r"(?i)\b(bearer|basic)\s+\S+"


@dataclass(frozen=True, kw_only=True)
class Store:
    """Where spans go, by OTLP over gRPC. `token`: sent as `Authorization: Bearer`. `networks`: ranges that it is in, if
    it is no Service of the cluster; none: the internet."""

    host: str
    port: int = GRPC_PORT
    tls: bool = True
    token: SecretKey | None = None
    networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.token and not self.tls:
            raise ValueError(f"Store.token: {self.token} is not allowed: without TLS anyone on the way could read it")


def config(store: Store, *, stack: str, content: bool) -> Json:
    """`stack`: each span's `service.namespace`. `content`: attributes go on that are not listed above, as those of a
    server's image that writes prompts into its spans; credentials never do."""
    token = {"bearertokenauth": {"filename": f"{SECRETS_FOLDER}/{store.token}"}} if store.token else {}
    return {
        "extensions": {"health_check": {"endpoint": _everywhere(HEALTH_PORT)}, **token},
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": _everywhere(GRPC_PORT)},
                    "http": {"endpoint": _everywhere(HTTP_PORT)},
                }
            }
        },
        "processors": {
            "memory_limiter": {
                "check_interval": "1s",
                "limit_percentage": MEMORY_PERCENT,
                "spike_limit_percentage": MEMORY_PERCENT // 5,
            },
            "redaction": _redaction(content=content),
            "resource": {"attributes": [{"key": "service.namespace", "value": stack, "action": "upsert"}]},
            "batch": {"timeout": "2s", "send_batch_size": _BATCH, "send_batch_max_size": _BATCH},
        },
        "exporters": {"otlp": _exporter(store)},
        "service": {
            "extensions": ["health_check", *token],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "redaction", "resource", "batch"],
                    "exporters": ["otlp"],
                }
            },
            "telemetry": {
                "logs": {"encoding": "json"},
                "metrics": {"readers": [{"pull": {"exporter": {"prometheus": _prometheus()}}}]},
            },
        },
    }


def _everywhere(port: int) -> str:
    """Network policies say who comes; on its own address alone the kubelet's probes would not."""
    return f"0.0.0.0:{port}"


def _prometheus() -> Json:
    return {"host": "0.0.0.0", "port": METRICS_PORT}  # noqa: S104  see _everywhere


def _redaction(*, content: bool) -> Json:
    """A list of what may pass rather than of what may not: what nobody thought of stays here. `silent`: the names of
    what was taken out would tell, too."""
    known = {"allow_all_keys": True} if content else {"allowed_keys": [*RESOURCE, *SERVERS, *GATEWAY]}
    return {
        "allow_all_keys": False,
        **known,
        "blocked_key_patterns": [CREDENTIAL_KEYS],
        "blocked_values": [CREDENTIAL_VALUES],
        "summary": "silent",
    }


def _exporter(store: Store) -> Json:
    return {
        "endpoint": f"{store.host}:{store.port}",
        "tls": {"insecure": not store.tls},
        "sending_queue": {"enabled": True, "queue_size": _QUEUED},
        "retry_on_failure": {"enabled": True, "max_elapsed_time": _RETRIED},
        **({"auth": {"authenticator": "bearertokenauth"}} if store.token else {}),
    }
