"""The region's collector of traces: what it lets out, what it is made of, and who may reach it (O1, S6)."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components import connections
from components.platform import collector_config
from components.platform.collector_config import Store
from components.platform.monitoring.scrape import SecretKey
from tests.harness import mocks, programs
from tests.harness.mocks import Recorder, plain
from tools.paths import ROOT

STORE = Store(host="otlp.example.com", token=SecretKey(name="store", key="token"))
TELEMETRY = {"type": "collector", "host": "otlp.example.com", "heldIn": "store/token", "percent": 5}
# By each part of the configuration, the keys of it that the collector documents (components' config.schema.yaml and
# README, v0.123 to v0.153) and that are of use here. The collector refuses any other.
DOCUMENTED = {
    "": {"receivers", "processors", "exporters", "extensions", "connectors", "service"},
    "extensions.health_check": {"endpoint", "path", "tls", "response_body", "check_collector_pipeline"},
    "extensions.bearertokenauth": {"header", "scheme", "token", "tokens", "filename"},
    "receivers.otlp": {"protocols"},
    "receivers.otlp.protocols": {"grpc", "http"},
    "receivers.otlp.protocols.grpc": {"endpoint", "transport", "tls", "max_recv_msg_size_mib", "keepalive", "auth"},
    "receivers.otlp.protocols.http": {"endpoint", "tls", "cors", "max_request_body_size", "auth", "traces_url_path"},
    "processors.memory_limiter": {
        "check_interval", "limit_mib", "spike_limit_mib", "limit_percentage", "spike_limit_percentage",
    },
    "processors.redaction": {
        "allow_all_keys", "allowed_keys", "ignored_keys", "blocked_key_patterns", "blocked_values", "allowed_values",
        "hash_function", "redact_all_types", "summary",
    },
    "processors.resource": {"attributes"},
    "processors.batch": {"timeout", "send_batch_size", "send_batch_max_size", "metadata_keys"},
    "exporters.otlp": {
        "endpoint", "tls", "auth", "headers", "compression", "timeout", "sending_queue", "retry_on_failure",
        "keepalive", "balancer_name", "wait_for_ready",
    },
    "exporters.otlp.tls": {"insecure", "insecure_skip_verify", "ca_file", "cert_file", "key_file"},
    "exporters.otlp.auth": {"authenticator"},
    "exporters.otlp.sending_queue": {"enabled", "num_consumers", "queue_size", "sizer", "batch", "storage"},
    "exporters.otlp.retry_on_failure": {
        "enabled", "initial_interval", "max_interval", "max_elapsed_time", "multiplier", "randomization_factor",
    },
    "service": {"extensions", "pipelines", "telemetry"},
    "service.pipelines.traces": {"receivers", "processors", "exporters"},
    "service.telemetry": {"logs", "metrics", "resource", "traces"},
    "service.telemetry.logs": {"level", "encoding", "output_paths", "disable_stacktrace", "sampling"},
    "service.telemetry.metrics": {"level", "readers", "views"},
}  # fmt: skip


def made(**changes: Any) -> dict[str, Any]:
    return collector_config.config(replace(STORE, **changes), stack="here", content=False)


def part(config: dict[str, Any], path: str) -> dict[str, Any]:
    for key in filter(None, path.split(".")):
        config = config[key]
    return config


@pytest.mark.parametrize("path", DOCUMENTED)
def test_every_key_is_documented(path: str) -> None:
    assert set(part(made(), path)) <= DOCUMENTED[path]


def test_every_part_is_looked_at_and_used() -> None:
    config, service = made(), made()["service"]
    parts = {
        f"{kind}.{name}" for kind in ("extensions", "receivers", "processors", "exporters") for name in config[kind]
    }
    assert parts <= set(DOCUMENTED)
    pipeline = service["pipelines"]["traces"]
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) == set(config[kind])
    assert set(service["extensions"]) == set(config["extensions"])
    # What is refused must be refused before anything is done with it; batches are made of what is left.
    assert pipeline["processors"][0] == "memory_limiter" and pipeline["processors"][-1] == "batch"
    assert config["exporters"]["otlp"]["auth"]["authenticator"] in service["extensions"]
    assert "$" not in json.dumps(config)  # which the collector would take for a variable's name


def passed(redaction: dict[str, Any], attributes: dict[str, str]) -> dict[str, str]:
    """What the processor leaves of a span's attributes, as its README says."""
    kept = {}
    for key, value in attributes.items():
        if not redaction["allow_all_keys"] and key not in redaction["allowed_keys"]:
            continue
        hidden = any(re.search(pattern, key) for pattern in redaction["blocked_key_patterns"])
        for pattern in redaction["blocked_values"]:
            value = re.sub(pattern, "****", value)
        kept[key] = "****" if hidden else value
    return kept


TOLD = {
    "http.route": "/v1/chat/completions",
    "http.url": "/v1/models",
    "gen_ai.input.messages": "a secret of the user",
    "gen_ai.prompt": "a secret of the user",
    "user_agent": "phone",
    "peer.address": "198.51.100.7",
    "http.request.header.authorization": "Bearer sk-1",
    "error": "refused Bearer sk-1 twice",
}


def test_what_is_not_known_to_be_harmless_stays() -> None:
    assert passed(made()["processors"]["redaction"], TOLD) == {
        "http.route": "/v1/chat/completions",
        "http.url": "/v1/models",
        "error": "refused **** twice",
    }


def test_the_servers_tell_what_is_known_and_no_more() -> None:
    """What the gateway tells is seen in test_gateway_traces.py."""
    sources = "".join(path.read_text() for path in (ROOT / "serving" / "autoglm_serving").rglob("*.py"))
    told = set(re.findall(r'(?<!== )"((?:http|url|rpc|gen_ai|infer)\.[a-z_.]+)":', sources))
    assert told == set(collector_config.SERVERS)


def test_prompts_go_out_where_that_is_asked_for_and_credentials_never() -> None:
    config = collector_config.config(STORE, stack="here", content=True)
    left = passed(config["processors"]["redaction"], TOLD)
    assert left["gen_ai.prompt"] == "a secret of the user"
    assert left["http.request.header.authorization"] == "****"
    assert "sk-1" not in str(left)


def test_a_token_in_the_clear_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Store\.token: store/token is not allowed: without TLS"):
        replace(STORE, tls=False)
    open_one = made(tls=False, token=None)
    assert open_one["exporters"]["otlp"]["tls"] == {"insecure": True}
    assert "bearertokenauth" not in json.dumps(open_one)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The dev region with a collector, watched by a Prometheus of its own."""
    over = {
        "telemetry": TELEMETRY,
        "images": {"collector": "otel/opentelemetry-collector-contrib:0.147.0"},
        "monitoring": {"type": "own"},
        "quota": {"cpu": "4", "memory": "10Gi", "storage": "40Gi", "pods": 24},
    }
    return mocks.run(programs.region(programs.kubeconfig(tmp_path_factory.mktemp("region")), over))


def pod(recorder: Recorder, name: str) -> dict[str, Any]:
    found: dict[str, Any] = plain(recorder.one("Deployment", f"{name}-deployment").inputs)["spec"]
    return found


def test_the_token_is_a_file_that_the_configuration_names(region: Recorder) -> None:
    spec = pod(region, "dev-collector")["template"]["spec"]
    mounts = {one["name"]: one["mountPath"] for one in spec["containers"][0]["volumeMounts"]}
    told = json.loads(plain(region.one("ConfigMap", "dev-collector-config").inputs)["data"]["config.json"])
    assert told["extensions"]["bearertokenauth"] == {"filename": f"{mounts['secret-store']}/token"}
    assert {"name": "secret-store", "secret": {"secretName": "store"}} in spec["volumes"]
    assert told["processors"]["resource"]["attributes"][0]["value"] == "dev"


def test_it_has_room_and_says_when_it_is_well(region: Recorder) -> None:
    asked = pod(region, "dev-collector")
    (container,) = asked["template"]["spec"]["containers"]
    assert asked["replicas"] == 2
    assert {"name": "GOMEMLIMIT", "value": "327MiB"} in container["env"]  # 0.8 * 0.8 of 512
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports == {"grpc": 4317, "http": 4318, "metrics": 8888, "health": 13133}
    for kind in ("startup", "readiness", "liveness"):
        assert container[f"{kind}Probe"]["httpGet"] == {"path": "/", "port": "health"}


def test_gateway_and_servers_tell_it_and_prometheus_asks_it(region: Recorder) -> None:
    envoy = json.loads(plain(region.one("Secret", "dev-gateway-config").inputs)["stringData"]["envoy.yaml"])
    (traces,) = (one for one in envoy["static_resources"]["clusters"] if one["name"] == "traces")
    address = traces["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    service = plain(region.one("Service", "dev-collector-service").inputs)
    host = f"dev-collector.{service['metadata']['namespace']}.svc"
    assert address == {"address": host, "port_value": 4317}
    assert '"random_sampling": {"value": 5.0}' in json.dumps(envoy)
    (server,) = pod(region, "dev-serving")["template"]["spec"]["containers"]
    told = {one["name"]: one.get("value") for one in server["env"]}
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://{host}:4318"
    assert told["OTEL_TRACES_SAMPLER"] == "parentbased_always_off"
    rules = json.loads(plain(region.one("ConfigMap", "dev-prometheus-config").inputs)["data"]["prometheus.json"])
    jobs = {job["job_name"]: job["dns_sd_configs"][0]["port"] for job in rules["scrape_configs"]}
    assert jobs["dev-collector"] == 8888


def test_who_reaches_it_and_whom_it_reaches(region: Recorder) -> None:
    policies = {item.name: plain(item.inputs)["spec"] for item in region.all("NetworkPolicy")}
    let_in = {
        name.removeprefix("dev-edges-").removesuffix("-to-dev-collector-ingress"): spec["ingress"][0]["ports"][0][
            "port"
        ]
        for name, spec in policies.items()
        if name.endswith("-to-dev-collector-ingress")
    }
    assert let_in == {"dev-gateway": 4317, "dev-serving": 4318, "dev-prometheus": 8888}
    out = {name for name in policies if name.startswith("dev-edges-dev-collector-to-")}
    assert out == {"dev-edges-dev-collector-to-trace-store-egress", "dev-edges-dev-collector-to-dns-egress"}
    (rule,) = policies["dev-edges-dev-collector-to-trace-store-egress"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(connections.PRIVATE)}}]
    assert "dev-edges-dev-serving-to-dns-egress" in policies


def test_without_it_nothing_of_it_is_made(tmp_path: Path) -> None:
    recorder = mocks.run(programs.region(programs.kubeconfig(tmp_path)))
    assert not [item for item in recorder.resources if "collector" in item.name]
    assert "OTEL" not in json.dumps(pod(recorder, "dev-serving"))
