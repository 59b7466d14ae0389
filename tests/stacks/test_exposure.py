"""What can be reached from outside (F2, F3)."""

from typing import Any

import pytest

from tests.stacks.regions import refused


@pytest.mark.parametrize(
    ("provider", "over", "problem"),
    [
        (
            "aws",
            {"gateway": {"exposure": {"certificate": None}}},
            "gateway.exposure.certificate: it is missing, so the balancer would serve port 80 in clear "
            "text, but only 443 may be open: set it to the id of a certificate in the cloud, or set gateway.tls",
        ),
        (
            "alicloud",
            {"gateway": {"exposure": {"clients": []}}},
            "gateway.exposure.clients: it has too few entries (0): give at least 1",
        ),
        (
            "alicloud",
            {"gateway": {"exposure": {"type": "NodePort", "port": 30080}}},
            "gateway.exposure.type = NodePort: it would open port 30080 of every node, but only 443 may "
            "be: use LoadBalancer or ClusterIP",
        ),
        (
            "tencentcloud",
            {"cluster": {"publicAccess": ["0.0.0.0/0"]}},
            "cluster.publicAccess[0] = 0.0.0.0/0: it opens the Kubernetes API to the internet: name your "
            "own ranges, or none for a private API",
        ),
        (
            "aws",
            {"gateway": {"exposure": {"type": "ClusterIP"}}, "dns": {"zone": "example.com", "host": "autoglm"}},
            "dns: gateway.exposure is ClusterIP, so the name would lead nowhere: use LoadBalancer, or leave out dns",
        ),
        (
            "private",
            {"gateway": {"exposure": {"type": "LoadBalancer", "certificate": "cert-1"}}},
            "gateway.exposure.certificate = cert-1: a private region has no cloud that holds "
            "certificates, so nothing would end TLS: leave it out",
        ),
    ],
)
def test_refused(provider: str, over: dict[str, Any], problem: str) -> None:
    assert refused(provider, over) == [problem]
