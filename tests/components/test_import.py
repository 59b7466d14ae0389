"""A component alone in somebody else's program."""

import json
import runpy

import pytest

from tests.harness import mocks
from tools.paths import ROOT

PROGRAM = ROOT / "tests" / "fixtures" / "import_gateway"
KEY = "a-key-of-their-own"


@pytest.mark.parametrize("preview", [True, False])
def test_serving_and_gateway_alone(monkeypatch: pytest.MonkeyPatch, preview: bool) -> None:
    exported = {}
    monkeypatch.setattr("pulumi.export", exported.__setitem__)

    def program() -> dict[str, object]:
        import pulumi

        pulumi.runtime.set_all_config(
            {"open-autoglm:kubeconfig": "kubeconfig", "open-autoglm:apiKey": KEY}, ["open-autoglm:apiKey"]
        )
        runpy.run_path(str(PROGRAM / "__main__.py"), run_name="__main__")
        return exported

    done = mocks.run(program, preview=preview)
    assert done.exports["url"].value == "http://edge.agents.svc/v1"
    assert {item.type.rpartition(":")[2] for item in done.resources if "open-autoglm" in item.type} == {
        "Serving",
        "Gateway",
    }
    assert [item.name for item in done.resources if KEY in json.dumps(item.inputs, default=str)] == ["edge-config"]
    assert mocks.is_secret(done.one("Secret").inputs["stringData"])
