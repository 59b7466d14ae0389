"""The dev region's tree, and the rules that every resource in it keeps."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.harness import mocks, programs
from tests.harness.mocks import Recorder

COMPONENTS = {
    "Region dev",
    "Cluster dev-cluster",
    "ApiKey dev-api-key",
    "Isolation dev-isolation",
    "Priorities dev-priorities",
    "Etcd dev-etcd",
    "EtcdCertificates dev-etcd-certificates",
    "EtcdKeeper dev-etcd-keeper",
    "ModelStore dev-model-store",
    "Serving dev-serving",
    "Gateway dev-gateway",
    "Edges dev-edges",
}
KINDS = {
    "Namespace": 1,
    "PriorityClass": 4,
    "ResourceQuota": 1,
    "LimitRange": 1,
    "NetworkPolicy": 12,
    "ServiceAccount": 4,
    "Service": 3,
    "StatefulSet": 1,
    "Deployment": 3,
    "PodDisruptionBudget": 3,
    "PersistentVolumeClaim": 2,
    "Job": 1,
    "Secret": 5,
    "RandomPassword": 1,
    "ConfigMap": 1,
    "Role": 1,
    "RoleBinding": 1,
    "PrivateKey": 5,
    "SelfSignedCert": 1,
    "CertRequest": 4,
    "LocallySignedCert": 4,
}


def test_the_tree(region: Recorder) -> None:
    made = {f"{item.type.rpartition(':')[2]} {item.name}" for item in region.resources if "open-autoglm:" in item.type}
    assert made == COMPONENTS
    kinds = [item.type.rpartition(":")[2] for item in region.resources if item.custom]
    assert {kind: kinds.count(kind) for kind in kinds} == KINDS


def test_every_resource_has_an_explicit_provider_and_one_of_our_parents(region: Recorder) -> None:
    for item in region.resources:
        assert item.provider or not item.custom, f"{item.name} would use a default provider"
    for urn in region.urns:
        kind = urn.split("::")[2]
        assert kind.startswith(("open-autoglm:", "pulumi:pulumi:Stack$open-autoglm:")), (
            f"{urn} has no component as parent"
        )


def test_names_begin_with_the_region_s(region: Recorder) -> None:
    """Two regions can then be in one program."""
    assert all(item.name == "dev" or item.name.startswith("dev-") for item in region.resources)


def test_exports(kubeconfig: Path) -> None:
    done = mocks.run(programs.region(kubeconfig))
    assert done.exports["endpoint"].value == "http://10.1.2.3:30080/v1"
    assert done.exports["model"].value == "autoglm-phone-9b"
    assert done.exports["apiKey"].secret
    assert len(done.exports["apiKey"].value) == 48


@pytest.mark.parametrize(
    ("overlay", "endpoint"),
    [
        ({"gateway": {"address": "phone.example.com"}}, "http://phone.example.com:30080/v1"),
        ({"gateway": {"exposure": {"port": 31000}}}, "http://10.1.2.3:31000/v1"),
    ],
)
def test_the_endpoint_follows_the_exposure(kubeconfig: Path, overlay: dict[str, Any], endpoint: str) -> None:
    assert mocks.run(programs.region(kubeconfig, overlay)).exports["endpoint"].value == endpoint


def test_the_context_chooses_the_cluster(kubeconfig: Path) -> None:
    chosen = {"cluster": {"kubeconfig": str(kubeconfig), "context": "there"}}
    assert mocks.run(programs.region(kubeconfig, chosen)).exports["endpoint"].value == "http://[2001:db8::1]:30080/v1"


def test_a_preview_needs_no_cluster(tmp_path: Path) -> None:
    done = mocks.run(programs.region(tmp_path / "none"), preview=True)
    assert not done.exports["endpoint"].known
    assert len(done.all("Deployment")) == 3


def test_an_update_without_a_cluster_says_so_first(tmp_path: Path) -> None:
    with pytest.raises(pulumi.RunError, match=r"^cluster\.kubeconfig: .*none: No such file or directory: give a file"):
        mocks.run(programs.region(tmp_path / "none"))


def test_a_wrong_context_is_told_with_the_right_ones(kubeconfig: Path) -> None:
    wrong = {"cluster": {"kubeconfig": str(kubeconfig), "context": "thre"}}
    with pytest.raises(pulumi.RunError, match=r"^cluster\.context: 'thre' is not in .*: use one of .*: here, there$"):
        mocks.run(programs.region(kubeconfig, wrong))


def test_the_key_is_in_one_secret_and_nowhere_else(kubeconfig: Path) -> None:
    done = mocks.run(programs.region(kubeconfig))
    key = done.exports["apiKey"].value
    holders = [item.name for item in done.resources if key in json.dumps(item.inputs, default=str)]
    assert holders == ["dev-gateway-config"]
    assert all(mocks.is_secret(item.inputs["stringData"]) for item in done.all("Secret"))


def test_no_credential_of_the_kubeconfig_is_taken_over(kubeconfig: Path) -> None:
    done = mocks.run(programs.region(kubeconfig))
    assert "token-in-the-kubeconfig" not in json.dumps([item.inputs for item in done.resources], default=str)


def test_another_folder_or_seed_is_another_job(kubeconfig: Path) -> None:
    """A Job can't be changed, so other arguments make another Job; and another seed is another folder."""

    def arguments(source: dict[str, Any]) -> list[str]:
        done = mocks.run(programs.region(kubeconfig, {"model": {"source": source}}))
        job = done.one("Job").inputs["spec"]["template"]["spec"]["containers"][0]["args"]
        server = done.one("Deployment", "dev-serving-deployment").inputs["spec"]["template"]["spec"]["containers"][0]
        assert f"--model={job[1]}" in server["args"], "the server loads what the Job has made"
        return list(job)

    tiny = {"type": "tiny"}
    assert arguments(tiny | {"seed": 1}) == ["tiny-model", "/models/autoglm-phone-9b-tiny-1", "--seed=1"]
    assert arguments(tiny | {"seed": 2}) == ["tiny-model", "/models/autoglm-phone-9b-tiny-2", "--seed=2"]
    assert arguments({"type": "tinyphone"}) == ["tinyphone", "/models/autoglm-phone-9b-tinyphone"]


def test_a_folder_is_mounted_read_only_and_verified(kubeconfig: Path) -> None:
    text = programs.DEV.read_text().replace("    type: tinyphone ", "    path: /srv/phone\n    type: folder ")
    from components import Region, RegionArgs
    from stacks.loader import parse

    def program() -> dict[str, Any]:
        spec = parse(text, source="x", overlay={"cluster": {"kubeconfig": str(kubeconfig)}})
        Region("dev", RegionArgs(spec=spec))
        return {}

    done = mocks.run(program)
    volume, claim = done.one("PersistentVolume"), done.one("PersistentVolumeClaim", "dev-model-store-claim")
    assert volume.inputs["spec"]["hostPath"] == {"path": "/srv/phone", "type": "Directory"}
    assert volume.inputs["spec"]["accessModes"] == claim.inputs["spec"]["accessModes"] == ["ReadOnlyMany"]
    container = done.one("Job").inputs["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["verify", "/models/autoglm-phone-9b"]
    assert container["volumeMounts"][0]["readOnly"] is True


def test_no_pod_is_made_before_the_namespace_is_guarded(region: Recorder) -> None:
    for name in (
        "dev-etcd-members",
        "dev-etcd-keeper-deployment",
        "dev-model-store-job",
        "dev-serving-deployment",
        "dev-gateway-deployment",
    ):
        guards = {"dev-isolation-default-deny", "dev-isolation-quota", "dev-isolation-limits"}
        assert guards <= region.waits_for(name), name


def test_servers_wait_for_the_model_and_the_gateway_for_neither(region: Recorder) -> None:
    """The gateway's Service waits for its pods; were those to wait for a Job that verifies 20 GB, it would time out."""
    assert "dev-model-store-job" in region.waits_for("dev-serving-deployment")
    for name in ("dev-gateway-config", "dev-gateway-deployment"):
        assert not [other for other in region.waits_for(name) if "serving" in other or "model-store" in other]


def test_pods_get_longer_to_end_than_their_drain_takes(region: Recorder) -> None:
    for name in ("dev-serving-deployment", "dev-gateway-deployment"):
        pod = region.one("Deployment", name).inputs["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == 5 + 600 + 10


def test_a_rolling_update_never_takes_a_pod_away_first(region: Recorder) -> None:
    for item in region.all("Deployment"):
        if item.name == "dev-etcd-keeper-deployment":  # two would defragment at the same time; nobody waits for it
            assert item.inputs["spec"]["strategy"] == {"type": "Recreate"}
            continue
        assert item.inputs["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    for item in region.all("PodDisruptionBudget"):
        assert item.inputs["spec"]["maxUnavailable"] == 1


def test_pods_are_restricted_and_have_no_token(region: Recorder) -> None:
    templates = [
        item.inputs["spec"]["template"] for kind in ("Deployment", "StatefulSet", "Job") for item in region.all(kind)
    ]
    assert len(templates) == 5
    with_token = [item["spec"] for item in templates if item["spec"]["automountServiceAccountToken"]]
    assert [[container["name"] for container in spec["containers"]] for spec in with_token] == [["keeper"]]
    for template in templates:
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert set(container["resources"]) == {"requests", "limits"}
            assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]  # noqa: S108
    for account in region.all("ServiceAccount"):
        assert account.inputs["automountServiceAccountToken"] is False
