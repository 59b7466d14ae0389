"""Who the gateway lets in, how often, and where TLS ends: what a region file may say, and what it may not (T1)."""

from typing import Any

import pytest

from components import gateway_args
from components.envoy_affinity import Affinity
from components.envoy_limits import RateLimit
from components.types import ClusterAccess, Foundation, Upstream
from tests.harness import programs
from tests.stacks.regions import refused, region

ISSUER = {"issuer": "https://id.example.com", "audiences": ["autoglm"], "jwksUri": "https://id.example.com/jwks.json"}
LIMIT = {"requestsPerMinute": 60}
NODE_PORT = {"type": "NodePort", "port": 30080}


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "private",
            {
                "gateway": {"limits": {"shared": {"whenDown": "open"}, "perClient": LIMIT}},
                "images": {"redis": "redis:7.2.4"},
            },
            "images.ratelimit: it is missing, but gateway.limits.shared counts with it: name its image",
        ),
        (
            "private",
            {
                "gateway": {"limits": {"shared": {}}},
                "images": {"redis": "redis:7.2.4", "ratelimit": "envoyproxy/ratelimit:3fb70258"},
            },
            "gateway.limits.shared: there is no limit to share: give perAddress or perClient, or leave it out",
        ),
        (
            "private",
            {"gateway": {"denied": {"addresses": ["0.0.0.0/0"]}}},
            "gateway.denied.addresses[0] = 0.0.0.0/0: it is everybody: name narrower ranges",
        ),
        (
            "private",
            {"gateway": {"limits": {"perAddress": LIMIT}, "exposure": NODE_PORT}},
            "gateway.limits.perAddress: all clients of a NodePort have their node's address: use limits.perClient, "
            "or another exposure",
        ),
        (
            "private",
            {"gateway": {"denied": {"addresses": ["198.51.100.0/24"]}, "exposure": NODE_PORT}},
            "gateway.denied.addresses: all clients of a NodePort have their node's address: use denied.clients or "
            "denied.subjects, or another exposure",
        ),
        (
            "private",
            {"gateway": {"affinity": "session", "balancing": "loadReports"}},
            "gateway.balancing = loadReports: gateway.affinity = session chooses the server: leave one of the two out",
        ),
        (
            "private",
            {"gateway": {"clients": {"lab": {"keys": [1, 2, 1]}}}},
            "gateway.clients.lab.keys = 1: it stands there twice: each number once is a key",
        ),
        (
            "private",
            {"gateway": {"clients": {"lab": {"keys": []}}}},
            "gateway.clients.lab.keys: it has too few entries (0): give at least 1",
        ),
        (
            "private",
            {"gateway": {"clients": {"here": {}}}},
            "gateway.clients.here: the region's own key has this name, which is the stack's: choose another",
        ),
        (
            "private",
            {"gateway": {"clients": {"lab": {}}, "denied": {"clients": ["lab", "here", "lba"]}}},
            "gateway.denied.clients[2] = lba: no key has this name, so nobody would be refused: use here or lab",
        ),
        (
            "aws",
            {"gateway": {"tls": {"certificate": "edge"}}},
            "gateway.tls: gateway.exposure.certificate already ends TLS at the balancer: keep one of the two",
        ),
        (
            "private",
            {"gateway": {"tls": {"certificate": "edge", "issuer": {"name": "letsencrypt"}}}},
            "gateway.tls.issuer = letsencrypt: nobody says what name the certificate is for: set "
            "gateway.address, or dns in a cloud",
        ),
        (
            "private",
            {"gateway": {"issuers": {"own": ISSUER | {"jwksUri": "http://id.example.com/keys"}}}},
            "gateway.issuers.own.jwksUri = 'http://id.example.com/keys': it must be an https URL, as in "
            "https://id.example.com/jwks.json",
        ),
        (
            "private",
            {"gateway": {"issuers": {"own": ISSUER | {"audiences": []}}}},
            "gateway.issuers.own.audiences: it has too few entries (0): give at least 1",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]


def test_no_other_algorithm_than_of_public_keys() -> None:
    problem, *_ = refused("private", {"gateway": {"issuers": {"own": ISSUER | {"algorithms": ["HS256"]}}}})
    assert problem.startswith("gateway.issuers.own.algorithms[0] = 'HS256': it must be 'RS256'")


def test_a_balancer_may_pass_tls_on_to_the_gateway() -> None:
    spec = region("aws", {"gateway": {"exposure": {"certificate": None}, "tls": {"certificate": "edge"}}})
    assert spec.gateway.tls


def test_what_is_asked_for_reaches_the_gateway() -> None:
    spec = programs.dev(
        {
            "gateway": {
                "issuers": {"own": ISSUER | {"networks": ["10.1.0.0/16"]}},
                "limits": {"perClient": LIMIT | {"burst": 5}, "shared": {"whenDown": "closed"}},
                "denied": {"addresses": ["198.51.100.0/24"], "subjects": [{"issuer": "i", "subject": "s"}]},
                "affinity": "prompt",
                "exposure": {"type": "ClusterIP"},
                "tracing": {"host": "otel.observability.svc", "percent": 5},
                "tls": {"certificate": "edge", "issuer": {"name": "letsencrypt"}},
                "address": "api.example.com",
            },
            "images": {"redis": "redis:7.2.4", "ratelimit": "envoyproxy/ratelimit:3fb70258"},
            "quota": {"cpu": "4", "pods": 30},
        }
    )
    foundation = Foundation(cluster=ClusterAccess(provider=None, address=None))  # type: ignore[arg-type]
    servers = Upstream(host="servers", port=8000, name="servers", pods={})
    counter = Upstream(host="limits", port=8081, name="limits", pods={})
    made = gateway_args.gateway(spec, "ns", servers, {"me": ("key",)}, foundation, counter)
    assert made.issuers[0].networks == ("10.1.0.0/16",)
    assert made.limits.per_client == RateLimit(requests_per_minute=60, burst=5)
    assert (made.when_down, made.affinity, made.counter) == ("closed", Affinity.PROMPT, counter)
    assert made.denied.subjects == (("i", "s"),)
    assert made.tracing is not None and made.tracing.percent == 5
    assert made.tls is not None and made.tls.hosts == ("api.example.com",)
    assert made.exposure.tls
    limiter = gateway_args.limiter(spec, "ns")
    assert limiter is not None and limiter.limits == made.limits
