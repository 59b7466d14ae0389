"""What components refuse, before anything is made."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from components import (
    Affinity,
    Balancing,
    EtcdArgs,
    Exposure,
    ExposureType,
    GatewayArgs,
    ModelFolder,
    Resources,
    ServingArgs,
    StoredModel,
    Upstream,
    VllmArgs,
    Volume,
    quantities,
)
from components.envoy import EnvoySettings

RESOURCES = Resources(cpu_request="1", cpu_limit="2", memory_request="1Gi", memory_limit="1Gi")
MODEL = StoredModel(claim="c", mount_path="/models", path="/models/m")
UPSTREAM = Upstream(host="h", port=8000, name="s", pods={})
INSIDE = Exposure(type=ExposureType.CLUSTER_IP)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: EtcdArgs(namespace="n", image="i:1", keeper_image="k:1", members=2),
            r"EtcdArgs\.members: 2 is not allowed: use 1, 3 or 5",
        ),
        (
            lambda: Resources(cpu_request="2", cpu_limit="1500m", memory_request="1", memory_limit="1"),
            r"Resources\.cpu_request: 2 is more than the limit 1500m: lower it",
        ),
        (lambda: Volume(size="2GB"), r"'2GB' is not a Kubernetes quantity: use a number with a suffix"),
        (lambda: Exposure(type=ExposureType.NODE_PORT), "a NodePort needs node_port, and address"),
        (
            lambda: ModelFolder(path="srv/phone"),
            r"ModelFolder\.path: 'srv/phone' is not allowed: give an absolute path",
        ),
        (lambda: ModelFolder(path="/srv/../etc"), "without `..`"),
        (
            lambda: ServingArgs(
                namespace="n",
                image="i:1",
                model=MODEL,
                served_name="m",
                max_model_len=1,
                replicas=0,
                resources=RESOURCES,
            ),
            r"ServingArgs\.replicas: 0 is not allowed: it must be at least 1",
        ),
        (
            lambda: ServingArgs(
                namespace="n",
                image="i:1",
                model=MODEL,
                served_name="m",
                max_model_len=1,
                resources=RESOURCES,
                vllm=VllmArgs(memory_share=0.9),
            ),
            r"ServingArgs\.vllm: it goes with placement: servers on GPUs run vLLM, those on CPUs do not",
        ),
        (lambda: VllmArgs(memory_share=1.0), r"VllmArgs\.memory_share: 1\.0 is not allowed: it is a share up to 0\.98"),
        (
            lambda: GatewayArgs(namespace="n", image="i:1", upstream=UPSTREAM, api_keys={}, exposure=INSIDE),
            r"GatewayArgs\.api_keys: none given, so nobody could use the gateway",
        ),
        (
            lambda: EnvoySettings(
                upstream_host="h",
                api_keys=(("a", "k"),),
                affinity=Affinity.SESSION,
                balancing=Balancing.LOAD_REPORTS,
            ),
            r"EnvoySettings\.balancing: loadReports, but affinity chooses: give one of the two",
        ),
        (lambda: EnvoySettings(upstream_host="h", api_keys=()), r"EnvoySettings\.api_keys: none given"),
        (
            lambda: EnvoySettings(upstream_host="h", api_keys=(("a", "k"),), max_body_bytes=0),
            r"EnvoySettings\.max_body_bytes: 0 is not allowed: it must be at least 1",
        ),
    ],
)
def test_refused_with_field_value_and_fix(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        ("500m", "0.5"),
        ("1.5", "1.5"),
        ("2k", "2000"),
        ("1Ki", "1024"),
        ("4Gi", str(4 * 1024**3)),
        ("3M", "3e6"),
    ],
)
def test_quantities(text: str, number: str) -> None:
    assert quantities.parse(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "2GB", "Gi", "-1", "1 Gi", "1e3", "0x10"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="is not a Kubernetes quantity"):
        quantities.parse(text)


def test_a_quantity_for_a_message_is_never_too_small() -> None:
    assert quantities.text(Decimal("1.2345"), binary=False) == "1235m"
    assert quantities.text(Decimal(3), binary=False) == "3"
    assert quantities.text(Decimal(1024**2 + 1), binary=True) == "2Mi"
    assert quantities.whole("1500m") == 2
