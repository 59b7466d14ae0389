"""etcd as a component: what its members, keeper and users get, and what is refused."""

import pulumi
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from components import connections
from components.types import FleetMember, Volume, WorkloadIdentity
from components.workloads import etcd_client, etcd_snapshots, pod
from components.workloads.etcd import Etcd, EtcdArgs
from components.workloads.etcd_snapshots import Bucket, Kept, Snapshots
from tests.harness import mocks

NAME = "20261121T120000Z-revision-12.db"
KEPT = Snapshots(store=Kept(volume=Volume(size="1Gi", access_mode="ReadWriteMany")), interval_minutes=15, keep_days=3)
IN_BUCKET = Snapshots(store=Bucket(url="oss://backups/etcd", region="cn-hangzhou"))
IDENTITY = WorkloadIdentity(annotations={"role": "r"}, pod_labels={"on": "yes"})


def made(recorder=None, **changes):
    """The component on mocks; `etcd` is what the program had in hand."""
    given = {"namespace": "autoglm", "image": "etcd:v3.6.4", "keeper_image": "keeper:0.1.0"}
    found = {}

    def program():
        found["etcd"] = Etcd("x-etcd", EtcdArgs(**{**given, "users": {"serving": ("/a/",)}, **changes}))
        client = found["etcd"].client("serving")
        return {"endpoints": client.endpoints, "secret": client.secret}

    return mocks.run(program, recorder=recorder), found["etcd"]


def container(done, where, kind="StatefulSet", name="x-etcd-members"):
    return done.one(kind, name).inputs["spec"]["template"]["spec"][where][0]


def secret(done, name):
    return mocks.plain(done.one("Secret", name).inputs["stringData"])


def certificates(text):
    return x509.load_pem_x509_certificates(text.encode())


def test_members_prepare_themselves_and_run_by_the_file_they_wrote():
    done, _ = made(volume=Volume(size="4Gi"))
    spec = done.one("StatefulSet").inputs["spec"]
    assert (spec["replicas"], spec["podManagementPolicy"]) == (3, "Parallel")
    assert container(done, "containers")["args"] == ["--config-file=/var/lib/etcd/etcd.json"]
    prepare = container(done, "initContainers")
    assert prepare["image"] == "keeper:0.1.0"
    assert {
        "prepare",
        "--name=$(POD_NAME)",
        "--cluster=x-etcd",
        "--domain=x-etcd.autoglm.svc",
        "--members=3",
        "--member-tls=/etc/etcd/members/$(POD_NAME)",
        f"--quota-bytes={2 * 1024**3}",
    } <= set(prepare["args"])
    mounted = {mount["name"] for mount in container(done, "containers")["volumeMounts"]}
    assert mounted == {"data", "tls", "tmp"}, "etcd itself needs no administrator's key"


def test_every_member_proves_its_own_names_and_every_user_its_own():
    done, _ = made()
    content = secret(done, "x-etcd-certificates-members")
    assert set(content) == {"ca.crt", *(f"x-etcd-{n}.{kind}" for n in range(3) for kind in ("crt", "key"))}
    [authority] = certificates(content["ca.crt"])
    for number in range(3):
        [certificate] = certificates(content[f"x-etcd-{number}.crt"])
        certificate.verify_directly_issued_by(authority)
        assert common_name(certificate) == "x-etcd"
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == [f"x-etcd-{number}.x-etcd.autoglm.svc", "localhost"]
    [user] = certificates(secret(done, "x-etcd-certificates-user-serving-secret")["tls.crt"])
    user.verify_directly_issued_by(authority)
    assert common_name(user) == "serving"
    uses = user.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.oid.ExtendedKeyUsageOID.SERVER_AUTH not in uses


def test_no_key_is_open():
    done, _ = made()
    for item in done.all("Secret"):
        assert mocks.is_secret(item.inputs["stringData"]), item.name


def test_a_new_authority_is_trusted_before_it_signs():
    done, _ = made(authorities=(1, 2))
    content = secret(done, "x-etcd-certificates-members")
    first, second = certificates(content["ca.crt"])
    [certificate] = certificates(content["x-etcd-0.crt"])
    certificate.verify_directly_issued_by(first)
    assert first.public_key() != second.public_key()


def test_a_client_mounts_its_own_secret_and_calls_every_member():
    done, etcd = made()
    assert done.exports["secret"].value.startswith("x-etcd-certificates-user-serving-secret-")
    assert done.exports["endpoints"].value == ",".join(
        f"https://x-etcd-{number}.x-etcd.autoglm.svc:2379" for number in range(3)
    )
    client = etcd.client("serving")
    edge = etcd_client.connection(connections.workload("serving", "x-serving"), client)
    assert (edge.target.labels, edge.ports) == (client.pods, (connections.Port(number=2379),))
    with pytest.raises(ValueError, match="etcd has no user gateway: there are root, serving"):
        etcd.client("gateway")


def test_the_keeper_may_patch_one_object_and_nothing_else():
    done, _ = made()
    assert done.one("Role").inputs["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["x-etcd-founded"], "verbs": ["patch"]}
    ]
    assert done.ignored["x-etcd-keeper-founded"] == ["data"]
    pods = [done.one("StatefulSet"), done.one("Deployment")]
    specs = [item.inputs["spec"]["template"]["spec"] for item in pods]
    assert [spec["automountServiceAccountToken"] for spec in specs] == [False, True]
    assert (
        '--users={"serving": ["/a/"]}'
        in container(done, "containers", "Deployment", "x-etcd-keeper-deployment")["args"]
    )


def test_snapshots_on_a_volume_are_the_keeper_s_and_a_member_s_that_restores():
    done, _ = made(snapshots=KEPT)
    keeper = container(done, "containers", "Deployment", "x-etcd-keeper-deployment")
    assert {"--store=file:///var/lib/snapshots", "--snapshot-minutes=15", "--keep-days=3"} <= set(keeper["args"])
    assert not [mount for mount in container(done, "initContainers")["volumeMounts"] if mount["name"] == "snapshots"]
    done, _ = made(snapshots=KEPT, restore=NAME)
    prepare = container(done, "initContainers")
    assert {f"--restore={NAME}", "--store=file:///var/lib/snapshots"} <= set(prepare["args"])
    assert {"name": "snapshots", "mountPath": "/var/lib/snapshots"} in prepare["volumeMounts"]
    volumes = done.one("StatefulSet").inputs["spec"]["template"]["spec"]["volumes"]
    assert "snapshots" in {volume["name"] for volume in volumes}


def test_a_restore_begins_all_members_anew_together():
    """A rolling update would start one member of another cluster, which never gets its quorum."""
    done, _ = made(snapshots=KEPT, restore=NAME)
    assert done.one("StatefulSet").inputs["metadata"]["annotations"] == {"open-autoglm/began-from": NAME}
    assert done.replacing["x-etcd-members"] == ["metadata.annotations"]


def test_snapshots_in_a_bucket_open_the_way_to_it_for_who_needs_it():
    def targets(etcd, source):
        found = [edge for edge in etcd.connections if edge.source and edge.source.name == source]
        return {(edge.target.name, edge.ports[0].number) for edge in found}

    _, etcd = made(snapshots=IN_BUCKET, identity=IDENTITY)
    assert ("bucket", 443) in targets(etcd, "x-etcd-keeper")
    assert ("bucket", 443) not in targets(etcd, "x-etcd")
    _, etcd = made(snapshots=IN_BUCKET, identity=IDENTITY, restore=NAME)
    assert ("bucket", 443) in targets(etcd, "x-etcd")
    own = Bucket(url="s3://b/x", region="r-1", endpoint="http://minio:9000", secret="backup")  # noqa: S106  a name
    done, etcd = made(snapshots=Snapshots(store=own))
    assert targets(etcd, "x-etcd-keeper") == {("x-etcd", 2379), ("kubernetes-api", 443), ("dns", 53), ("bucket", 9000)}
    keeper = container(done, "containers", "Deployment", "x-etcd-keeper-deployment")
    assert keeper["envFrom"] == [{"secretRef": {"name": "backup"}}]
    assert {"--store=s3://b/x", "--store-region=r-1", "--store-endpoint=http://minio:9000"} <= set(keeper["args"])


@pytest.mark.parametrize(("provider", "scheme"), [("aws", "s3"), ("alicloud", "oss"), ("tencentcloud", "cos")])
def test_a_region_s_own_bucket_has_a_part_for_snapshots(provider, scheme):
    member = FleetMember(
        provider=provider,
        region="here-1",
        account="1",
        cidr="10.0.0.0/16",
        vpc="v",
        route_tables=(),
        node_security_group="g",
        bucket="b",
        address="a",
    )
    done = mocks.run(lambda: {"url": pulumi.Output.from_input(etcd_snapshots.of_region(member).url)})
    assert done.exports["url"].value == f"{scheme}://b/snapshots/etcd"


def test_in_production_members_rather_wait_than_share_a_node():
    done, _ = made(apart=pod.SPREAD)
    spread = done.one("StatefulSet").inputs["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert [item["whenUnsatisfiable"] for item in spread] == ["DoNotSchedule"] * 2
    assert {item["nodeTaintsPolicy"] for item in spread} == {"Honor"}  # nodes with GPUs do not count


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"members": 2}, "EtcdArgs.members: 2 is not allowed: use 1, 3 or 5"),
        ({"restore": NAME}, "EtcdArgs.restore: .* can't be found"),
        ({"users": {"root": ("/",)}}, "EtcdArgs.users: root is etcd's administrator"),
        ({"authorities": ()}, "authorities: .* must name one or more"),
        ({"authorities": (1, 1)}, "authorities: .* each once"),
    ],
)
def test_what_can_t_be_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        made(**changes)


@pytest.mark.parametrize("name", ["interval_minutes", "keep_days"])
def test_snapshots_are_taken_and_kept(name):
    with pytest.raises(ValueError, match=f"Snapshots.{name}: 0 is not allowed"):
        Snapshots(**{"store": KEPT.store, name: 0})


def common_name(certificate):
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
