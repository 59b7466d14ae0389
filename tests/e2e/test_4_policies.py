"""The network policies, tried by the stack itself as each workload, on the node that enforces them (O5)."""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import kubectl, pulumi

pytestmark = pytest.mark.e2e

CHECK = ("--path", "open-autoglm:region.isolation.check")
UP = ("up", "--yes", "--skip-preview", "--suppress-progress")


@pytest.fixture
def checked(stack: str) -> Iterator[None]:
    pulumi("config", "set", *CHECK, "true")
    yield
    pulumi("config", "rm", *CHECK)
    pulumi(*UP)


def test_what_was_declared_works_and_nothing_else(checked: None) -> None:
    pulumi(*UP)
    assert pulumi("stack", "output", "connectivity").strip().endswith("others are refused")
    # A hole that nobody declared: the next update, which tries anew what had failed or changed, finds it.
    kubectl("apply", "-f", "-", text=HOLE)
    jobs = kubectl("-n", "autoglm", "get", "jobs", "-l", "app.kubernetes.io/name=connectivity", "-o", "name").split()
    assert len(jobs) > 3
    try:
        kubectl("-n", "autoglm", "delete", *jobs)
        with pytest.raises(AssertionError, match="stranger"):
            pulumi(*UP, "--refresh")
    finally:
        kubectl("-n", "autoglm", "delete", "networkpolicy", "hole")


HOLE = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: hole, namespace: autoglm}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{}]
  egress: [{}]
"""
