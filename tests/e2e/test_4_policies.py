"""The network policies, tried by the stack itself as each workload, on the node that enforces them (O5)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import changed, kubectl, pulumi

pytestmark = pytest.mark.e2e

UP = ("up", "--yes", "--skip-preview")
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


@pytest.fixture
def checked(stack: str, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """An update that ends with the check."""
    yield *UP, "--config-file", changed(tmp_path, isolation={"check": True})
    pulumi(*UP)


def test_what_was_declared_works_and_a_hole_that_was_not_is_found(checked: tuple[str, ...], tmp_path: Path) -> None:
    pulumi(*checked)
    assert pulumi("stack", "output", "connectivity").strip().endswith("others are refused")
    jobs = kubectl("-n", "autoglm", "get", "jobs", "-l", "app.kubernetes.io/name=connectivity", "-o", "name").split()
    assert len(jobs) > 3
    hole = tmp_path / "hole.yaml"
    hole.write_text(HOLE)
    kubectl("apply", "-f", str(hole))
    try:
        kubectl("-n", "autoglm", "delete", *jobs)
        with pytest.raises(AssertionError, match="stranger"):
            pulumi(*checked, "--refresh")
    finally:
        kubectl("delete", "-f", str(hole))
