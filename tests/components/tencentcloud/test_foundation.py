"""Whole regions on Tencent Cloud, from their files."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest
import yaml
from pulumi.runtime.mocks import MockCallArgs

from components.tencentcloud import checks, foundation
from components.types import Foundation
from stacks.loader import parse
from stacks.schema import TencentcloudRegion
from tests.components.tencentcloud import cloud
from tests.harness import mocks
from tests.harness.mocks import Recorder, plain
from tools.paths import ROOT

FILES = sorted((ROOT / "stacks").glob("tencentcloud-*.yaml"))
both = pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
every = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def region(path: Path) -> TencentcloudRegion:
    return cast(TencentcloudRegion, parse(path.read_text(), source=path.name))


def world(spec: TencentcloudRegion) -> Callable[[MockCallArgs], dict[str, Any]]:
    """What the region's file says to exist."""
    found = getattr(spec.network, "existing", None)

    def answer(call: MockCallArgs) -> dict[str, Any]:
        match call.token.rpartition(":")[2]:
            case "getInstances":
                return {"instanceLists": [{"cidrBlock": str(found.cidr)}]}
            case "getSubnets":
                subnet = call.args["subnetId"]
                lists = (found.subnets.public, found.subnets.nodes, found.subnets.pods)
                index = next(ids.index(subnet) for ids in lists if subnet in ids)
                there = {
                    "vpcId": found.vpc,
                    "availabilityZone": found.zones[index],
                    "cidrBlock": f"10.131.{index}.0/24",
                    "routeTableId": f"rtb-{subnet}",
                }
                return {"instanceLists": [there]}
            case "getClusters":
                one = {"clusterName": "old", "vpcId": found.vpc, "kubeConfigIntranet": cloud.KUBECONFIG}
                return {"lists": [{"pgwEndpoint": "10.1.0.5", "kubeConfig": ""} | one]}
            case "getClusterAuthenticationOptions":
                issuers = [{"issuer": cloud.ISSUER}]
                return {"serviceAccounts": issuers, "oidcConfigs": [{"autoCreateOidcConfig": True}]}
            case "getKeys":
                return {"keyLists": [{"keyId": spec.storage.key, "keyState": "Enabled"}]}
            case "getBuckets":
                url = f"https://{spec.storage.bucket}.cos.{spec.region}.myqcloud.com"
                return {"bucketLists": [{"bucket": spec.storage.bucket, "cosBucketUrl": url}]}
            case "getDomainList":
                return {"domainLists": [{"name": call.args["keyword"], "domainId": 1}]}
        raise AssertionError(call.token)

    return answer


@functools.cache  # tests only read what a region made
def build(path: Path, preview: bool) -> tuple[Recorder, Foundation]:
    return run(path, region(path), preview)


def run(
    path: Path, spec: TencentcloudRegion, preview: bool, recorder: Recorder | None = None
) -> tuple[Recorder, Foundation]:
    made = []

    def program() -> dict[str, Any]:
        parent = pulumi.ComponentResource("open-autoglm:test:Parent", "test")
        built = foundation.build(path.stem, spec, parent)
        made.append(built)
        # As the region does: a pod waits for all that the foundation names.
        pulumi.ComponentResource(
            "open-autoglm:test:Pod", "pod", opts=pulumi.ResourceOptions(depends_on=built.depends_on)
        )
        address = pulumi.Output.from_input("203.0.113.9")
        return {
            "host": built.publish(address) if built.publish else address,
            "balancer": dict(built.balancer),
            "roles": {name: dict(identity.annotations) for name, identity in built.identities.items()},
            "member": vars(built.member),
        }

    recorder = recorder or Recorder(outputs=cloud.outputs, calls=world(spec))
    return mocks.run(program, preview=preview, recorder=recorder), made[0]


@both
@every
def test_a_region_keeps_the_house_rules(path: Path, preview: bool) -> None:
    cloud.assert_house_rules(build(path, preview)[0])


@every
def test_its_provider_is_guarded_and_holds_no_credentials(path: Path) -> None:
    done, _ = build(path, False)
    spec = region(path)
    made = done.one("tencentcloud", f"{path.stem}-tencentcloud").inputs
    assert made["region"] == spec.region and spec.account_id in made["allowedAccountIds"]
    assert not {"secretId", "secretKey", "securityToken"} & set(made)


@every
def test_pods_wait_for_nodes_rights_and_classes(path: Path) -> None:
    done, built = build(path, False)
    before = done.waits_for("pod")
    assert {f"{path.stem}-pool-{pool}" for pool in region(path).gpu_pools} <= before
    assert {f"{path.stem}-cluster", f"{path.stem}-identity", f"{path.stem}-disks"} <= before
    assert set(built.identities) == {"model-store", "serving", "etcd"}


@every
def test_the_kubernetes_provider_has_the_clusters_secret_kubeconfig(path: Path) -> None:
    done, _ = build(path, False)
    given = done.one("kubernetes", f"{path.stem}-kubernetes").inputs["kubeconfig"]
    assert mocks.is_secret(given) and plain(given) == cloud.KUBECONFIG


@every
def test_no_machine_outlives_its_pool_and_no_secret_is_plain(path: Path) -> None:
    done, _ = build(path, False)
    assert {pool.inputs["deleteKeepInstance"] for pool in done.all("NodePool")} == {False}
    for item in cloud.cloud(done):
        shown = str({key: value for key, value in item.inputs.items() if not mocks.is_secret(value)})
        assert "registry-password" not in shown and cloud.KUBECONFIG not in shown, item.name


@every
def test_the_gateway_and_the_fleet_find_the_region(path: Path) -> None:
    done, built = build(path, False)
    spec = region(path)
    assert [list(data) for data in built.secrets.values()] == [["qcloud_cert_id"]]
    assert done.exports["host"].value == f"{spec.dns.host}.{spec.dns.zone}" if spec.dns else "203.0.113.9"
    member = done.exports["member"].value
    assert (member["provider"], member["region"], member["account"]) == ("tencentcloud", spec.region, spec.account_id)
    group = done.exports["balancer"].value["service.cloud.tencent.com/security-groups"]
    assert group == f"{path.stem}-security-balancer-id"


def test_cards_are_shared_by_an_add_on_where_a_pool_asks_for_it() -> None:
    guangzhou, singapore = (ROOT / "stacks" / f"tencentcloud-ap-{name}.yaml" for name in ("guangzhou", "singapore"))
    assert "qgpu" in {addon.inputs["addonName"] for addon in build(guangzhou, False)[0].all("Addon")}
    assert "qgpu" not in {addon.inputs["addonName"] for addon in build(singapore, False)[0].all("Addon")}


def test_spot_pools_stand_beside_their_base() -> None:
    done, _ = build(ROOT / "stacks" / "tencentcloud-ap-singapore.yaml", False)
    kinds = {pool.name: pool.inputs["autoScalingConfig"]["instanceChargeType"] for pool in done.all("NodePool")}
    assert sorted(kinds.values()) == ["POSTPAID_BY_HOUR", "POSTPAID_BY_HOUR", "SPOTPAID"]


@both
def test_an_existing_cluster_gets_pools_and_nothing_else(preview: bool) -> None:
    path = ROOT / "stacks" / "tencentcloud-ap-shanghai.yaml"
    content = yaml.safe_load(path.read_text())
    content["cluster"] = {"existing": {"id": "cls-old", "serviceCidr": "172.31.0.0/20"}}
    spec = cast(TencentcloudRegion, parse(yaml.safe_dump(content), source=path.name))
    done, _ = run(path, spec, preview)
    cloud.assert_house_rules(done)
    assert not done.all("Addon") and not done.all("AuthAttachment") and not done.all("StorageClass")
    assert [pool.inputs["clusterId"] for pool in done.all("NodePool")] == ["cls-old"]
    document = done.one("Role", f"{path.stem}-identity-serving-role").inputs["document"]
    assert "oidc-provider/cls-old" in document and cloud.ISSUER in document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "1.31"}, r"cluster\.version: 1\.31 is not a version of TKE"),
        ({"admins": ("100000000009",)}, r"cluster\.admins: 100000000009"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(change: dict[str, Any], message: str) -> None:
    path = ROOT / "stacks" / "tencentcloud-ap-singapore.yaml"
    spec = region(path)
    recorder = Recorder(outputs=cloud.outputs)
    broken = spec.model_copy(update={"cluster": spec.cluster.model_copy(update=change)})
    with pytest.raises(pulumi.RunError, match=message):
        run(path, broken, False, recorder)
    assert not cloud.cloud(recorder)


def test_a_spot_pool_without_a_price_is_named_by_its_place_in_the_file() -> None:
    spec = region(ROOT / "stacks" / "tencentcloud-ap-singapore.yaml")
    pool = spec.gpu_pools["serving"]
    cheap = pool.model_copy(update={"spot": pool.spot.model_copy(update={"max_usd_per_hour": None})})
    with pytest.raises(ValueError, match=r"^gpuPools\.serving\.spot\.maxUsdPerHour: none given"):
        checks.refuse(spec.model_copy(update={"gpu_pools": {"serving": cheap}}))
