"""Traces: what a file may ask for, and what could not be collected or kept (O1)."""

from typing import Any

import pytest

from tests.stacks.regions import refused, region

IMAGE = {"collector": "otel/opentelemetry-collector-contrib:0.147.0"}
STORE: dict[str, Any] = {"type": "collector", "host": "otlp.example.com"}


@pytest.mark.parametrize(
    ("over", "problem"),
    [
        (
            {"telemetry": STORE},
            "images.collector: it is missing, but telemetry.type is collector: name an image of OpenTelemetry's "
            "contrib distribution",
        ),
        (
            {"telemetry": STORE, "images": IMAGE, "gateway": {"tracing": {"host": "otel.observability.svc"}}},
            "gateway.tracing = otel.observability.svc: the gateway tells the region's own collector, and nobody else: "
            "leave it out, or leave out telemetry",
        ),
        (
            {"telemetry": STORE | {"tls": False, "heldIn": "store/token"}, "images": IMAGE},
            "telemetry.tls = false: without TLS anyone on the way could read the token: set tls to true, or leave "
            "heldIn out",
        ),
        (
            {"telemetry": STORE, "images": IMAGE, "quota": {"pods": 14}},
            "quota.pods = 14: the region's workloads ask for 15 while they are rolled: set it to 15 or more, or ask "
            "for less",
        ),
        (
            {"telemetry": STORE | {"host": "https://otlp.example.com:4317"}, "images": IMAGE},
            "telemetry.host = 'https://otlp.example.com:4317': it must be a host's name or address, as in "
            "otel-collector.observability.svc",
        ),
        (
            {"telemetry": STORE | {"heldIn": "a-token"}, "images": IMAGE},
            "telemetry.heldIn = 'a-token': it must be NAME/KEY of a Secret in the region's namespace, as in "
            "alert-receivers/pager",
        ),
        (
            {"telemetry": STORE | {"percent": 0}, "images": IMAGE},
            "telemetry.percent = 0: it must be more than 0.0",
        ),
        ({"telemetry": {"type": "collector"}, "images": IMAGE}, "telemetry.host: it is missing: add it"),
    ],
)  # fmt: skip
def test_refused(over: dict[str, Any], problem: str) -> None:
    assert refused("private", over) == [problem]


def test_its_image_has_a_digest_where_that_is_asked_for() -> None:
    over = {"telemetry": STORE, "images": IMAGE | {"requireDigest": True}}
    told = [problem for problem in refused("private", over) if problem.startswith("images.collector = ")]
    assert len(told) == 1 and "images.requireDigest asks for a digest" in told[0]
    without = {"images": IMAGE | {"requireDigest": True}}
    assert not [problem for problem in refused("private", without) if problem.startswith("images.collector")]


def test_nobody_collects_unless_it_is_asked_for() -> None:
    assert region("private").telemetry.type == "none"
