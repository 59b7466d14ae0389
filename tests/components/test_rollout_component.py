"""The rollout's Job, and servers that follow the catalogue: what they may reach, mount and patch."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.connections import policies
from components.types import EtcdClient, Resources, StoredModel
from components.workloads.model_source import ModelFolder, PhoneModel, SharedFolder, TinyModel
from components.workloads.model_store import ModelStoreArgs, _folder
from components.workloads.rollout import USERS, Canary, Rollout, RolloutArgs
from components.workloads.serving import Serving, ServingArgs
from components.workloads.vllm import VllmArgs
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain

CLIENT = EtcdClient(
    user="rollout",
    endpoints="https://etcd-0.etcd.ns.svc:2379",
    secret="certs",  # noqa: S106  a name
    name="etcd",
    pods={"a": "etcd"},
)
MODEL = StoredModel(claim="models", mount_path="/models", path="/models/phone/2")
SIZES = Resources(cpu_request="1", cpu_limit="1", memory_request="1Gi", memory_limit="1Gi")


def run(make: Any) -> tuple[Recorder, Any]:
    made: list[Any] = []

    def program() -> Mapping[str, Any]:
        within = pulumi.ResourceOptions(providers=[kubernetes.Provider("cluster", kubeconfig="{}")])
        made.append(make(within))
        return {}

    return mocks.run(program), made[0]


def rollout(**changes: Any) -> tuple[Recorder, Rollout]:
    fields = {"namespace": "ns", "image": "keeper:1", "client": CLIENT, "model": MODEL, "served_name": "phone"}
    return run(
        lambda opts: Rollout("r", RolloutArgs(**(fields | {"version": "2", "replicas": 3} | changes)), opts)  # type: ignore[arg-type]
    )


def inputs(recorder: Recorder, kind: str) -> dict[str, Any]:
    (found,) = (item for item in recorder.resources if item.type.endswith(f":{kind}"))
    return {key: plain(value) for key, value in found.inputs.items()}


def test_the_job_declares_the_version_and_holds_no_token() -> None:
    recorder, made = rollout()
    spec = inputs(recorder, "Job")["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"][:6] == [
        "rollout",
        "--tls=/etc/etcd/tls",
        "--model=phone",
        "--version=2",
        "--source=/models/phone/2",
        "--at-least=2",
    ]
    assert not [word for word in container["args"] if word.startswith(("--steps", "--weights"))]
    assert pod["automountServiceAccountToken"] is False
    assert all(mount["readOnly"] for mount in container["volumeMounts"] if mount["name"] != "tmp")
    assert not [item for item in recorder.resources if item.type.endswith(":Role")]
    assert set(policies(made.connections)) == {"r-to-etcd-egress", "r-to-etcd-ingress", "r-to-dns-egress"}


def test_a_version_that_was_rolled_back_is_not_tried_again_by_kubernetes() -> None:
    recorder, _ = rollout()
    (rule,) = inputs(recorder, "Job")["spec"]["podFailurePolicy"]["rules"]
    assert rule == {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1, 2]}}


def test_a_canary_may_patch_the_gateway_s_weights_and_nothing_else() -> None:
    recorder, made = rollout(canary=Canary(steps=(10, 100), step_seconds=120), weights="gw-traffic")
    (rule,) = inputs(recorder, "Role")["rules"]
    assert rule == {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["gw-traffic"], "verbs": ["patch"]}
    pod = inputs(recorder, "Job")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is True
    assert {"--steps=10,100", "--step-seconds=120", "--weights=gw-traffic"} <= set(pod["containers"][0]["args"])
    assert "r-to-kubernetes-api-egress" in policies(made.connections)


def test_a_canary_without_weights_is_refused() -> None:
    with pytest.raises(ValueError, match=r"RolloutArgs.weights: none"):
        rollout(canary=Canary())


def test_servers_of_a_catalogue_name_no_version() -> None:
    fields = {"namespace": "ns", "image": "serving:1", "model": MODEL, "served_name": "phone", "max_model_len": 100}
    recorder, made = run(
        lambda opts: Serving("s", ServingArgs(**fields, resources=SIZES, catalogue=CLIENT), opts)  # type: ignore[arg-type]
    )
    (container,) = inputs(recorder, "Deployment")["spec"]["template"]["spec"]["containers"]
    given = [word for word in container["args"] if word.startswith("--model")]
    assert given == ["--model-catalogue=$(AUTOGLM_ETCD_ENDPOINTS)", "--model-catalogue-tls=/etc/etcd/tls"]
    assert "s-to-etcd-egress" in policies(made.connections)


def test_vllm_follows_no_catalogue() -> None:
    with pytest.raises(ValueError, match="vLLM holds one version"):
        ServingArgs(
            namespace="ns",
            image="serving:1",
            model=MODEL,
            served_name="phone",
            max_model_len=100,
            resources=SIZES,
            placement=object(),  # type: ignore[arg-type]
            vllm=VllmArgs(memory_share=0.9),
            catalogue=CLIENT,
        )


def test_users_keep_to_keys_of_the_catalogue() -> None:
    assert all(prefix.startswith("/autoglm/") for prefixes in USERS.values() for prefix in prefixes)


FILES: Any = object()


@pytest.mark.parametrize(
    ("source", "mounted", "path"),
    [
        (TinyModel(seed=3), TinyModel(seed=3), "/models/phone/2"),
        (PhoneModel(), PhoneModel(), "/models/phone/2"),
        (ModelFolder(path="/srv/phone/1.4.0"), ModelFolder(path="/srv/phone"), "/models/1.4.0"),
        (SharedFolder(path="/a/2", files=FILES), SharedFolder(path="/a/2", files=FILES), "/models/a/2"),
    ],
)
def test_versions_lie_beside_each_other_under_one_mount(source: Any, mounted: Any, path: str) -> None:
    found, mount, where, arguments = _folder(
        ModelStoreArgs(namespace="ns", image="serving:1", model="phone", source=source, version="2")
    )
    assert (found, mount, where) == (mounted, "/models", path)
    assert path in arguments
