"""Keys of a gateway's clients: each made by itself, and several of one client right at once (T1)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components import ClientKeys, ClientKeysArgs, GatewayArgs
from components.envoy_denied import Denied
from components.envoy_limits import Limits, RateLimit
from tests.components.test_args import INSIDE, UPSTREAM
from tests.harness import envoy, mocks, programs
from tests.harness.envoy import KEY, Upstream
from tests.harness.mocks import Recorder

OLD, NEW, OTHER = (f"{name}-key-0123456789abcdefghijklmnopqrstuvwxyz" for name in ("old", "new", "other"))


def keys(clients: Mapping[str, tuple[int, ...]]) -> Recorder:
    def program() -> Mapping[str, Any]:
        within = pulumi.ResourceOptions(providers=[random.Provider("random")])
        return {"keys": ClientKeys("clients", ClientKeysArgs(clients=clients), within).told}

    return mocks.run(program)


def passwords(recorder: Recorder) -> set[str]:
    return {item.name for item in recorder.resources if item.type.endswith(":RandomPassword")}


def test_a_key_is_replaced_without_the_others() -> None:
    """By names: the engine keeps what keeps its name."""
    before, both, after = (passwords(keys({"agents": (1,), "lab": lab})) for lab in ((1,), (1, 2), (2,)))
    assert both - before == {"clients-lab-2-password"} and before < both
    assert both - after == {"clients-lab-1-password"} and after < both


def test_they_are_told_by_client_and_number_as_a_secret() -> None:
    told = keys({"agents": (1,), "lab": (3, 4)}).exports["keys"]
    assert told.secret
    assert {client: list(numbered) for client, numbered in told.value.items()} == {"agents": ["1"], "lab": ["3", "4"]}


def test_a_region_s_clients_are_beside_its_own_key(kubeconfig: Path) -> None:
    done = mocks.run(programs.region(kubeconfig, {"gateway": {"clients": {"lab": {"keys": [1, 2]}, "agents": {}}}}))
    (content,) = (item.inputs["stringData"] for item in done.all("Secret") if item.name == "dev-gateway-config")
    listener = json.loads(mocks.plain(content)["envoy.yaml"])["static_resources"]["listeners"][0]
    filters = listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
    (asked,) = (one["typed_config"] for one in filters if one["name"].endswith("api_key_auth"))
    told = done.exports["clientKeys"].value
    assert asked["credentials"] == [
        {"client": "agents", "key": told["agents"]["1"]},
        {"client": "dev", "key": done.exports["apiKey"].value},
        {"client": "lab", "key": told["lab"]["1"]},
        {"client": "lab", "key": told["lab"]["2"]},
    ]
    assert done.exports["clientKeys"].secret


def test_without_clients_a_region_is_as_it_was(kubeconfig: Path) -> None:
    done = mocks.run(programs.region(kubeconfig))
    assert "clientKeys" not in done.exports
    assert passwords(done) == {"dev-api-key-password"}


def test_what_is_no_number_and_no_tuple_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ClientKeysArgs.clients\[lab\]: \(1, 1\) is not allowed: give each number"):
        ClientKeysArgs(clients={"lab": (1, 1)})
    text: Any = "a-key"
    with pytest.raises(ValueError, match=r"GatewayArgs.api_keys\[lab\]: it is no tuple of keys: give \(key,\)"):
        GatewayArgs(namespace="n", image="i:1", upstream=UPSTREAM, api_keys={"lab": text}, exposure=INSIDE)


@pytest.mark.integration
def test_both_keys_are_the_client_s_while_it_changes_over(tmp_path: Path, upstream: Upstream) -> None:
    """Their requests are counted together, and are the same client's for the server."""
    held = (("lab", OLD), ("lab", NEW), ("tester", KEY))
    limits = Limits(per_client=RateLimit(requests_per_minute=1, burst=4))
    with envoy.gateway(tmp_path, upstream.port, api_keys=held, limits=limits) as gateway:
        answers = [gateway.ask("GET", "/v1/models", key=key).status for key in (OLD, NEW, OLD, NEW, OLD, NEW)]
        assert answers == [200, 200, 200, 200, 429, 429]
        assert gateway.ask("GET", "/v1/models", key=KEY).status == 200
        assert gateway.ask("GET", "/v1/models", key=OTHER).status == 401
    assert [headers["x-autoglm-client"] for _, headers in upstream.seen] == ["lab"] * 4 + ["tester"]


@pytest.mark.integration
def test_a_key_that_was_taken_back_is_wrong_and_the_others_are_right(tmp_path: Path, upstream: Upstream) -> None:
    held = (("lab", NEW), ("tester", KEY))
    with envoy.gateway(tmp_path, upstream.port, api_keys=held) as gateway:
        assert [gateway.ask("GET", "/v1/models", key=key).status for key in (OLD, NEW, KEY)] == [401, 200, 200]


@pytest.mark.integration
def test_a_denied_client_comes_in_by_none_of_its_keys(tmp_path: Path, upstream: Upstream) -> None:
    held = (("lab", OLD), ("lab", NEW), ("tester", KEY))
    denied = Denied(clients=("lab",))
    with envoy.gateway(tmp_path, upstream.port, api_keys=held, denied=denied) as gateway:
        assert [gateway.ask("GET", "/v1/models", key=key).status for key in (OLD, NEW, KEY)] == [403, 403, 200]
