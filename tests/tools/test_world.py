"""What a region file says exists already, in the words of the stand-ins' world."""

import yaml

from tools import world
from tools.providers.cloud import world as standin

FILE = """
provider: tencentcloud
region: ap-shanghai
accountId: "100012345678"
appId: "1258123456"
network:
  existing:
    vpc: vpc-1
    cidr: 10.131.0.0/16
    zones: [z-1, z-2]
    subnets: {nodes: [subnet-n1, subnet-n2], pods: [subnet-p1, subnet-p2]}
cluster: {existing: {id: cls-1}}
storage: {bucket: weights, key: key-1}
dns: {zone: example.com, existing: zone-1}
identity: {existing: {serving: "arn:aws:iam::1:role/path/serving"}}
"""


def test_a_region_that_adopts_everything():
    assert world.of(yaml.safe_load(FILE)) == {
        "account": "100012345678",
        "appId": "1258123456",
        "availabilityZones": {"ap-shanghai": ["z-1", "z-2"]},
        "vpcs": [{"id": "vpc-1", "cidr": "10.131.0.0/16"}],
        "subnets": [
            {"id": "subnet-n1", "vpc": "vpc-1", "zone": "z-1", "cidr": "10.131.0.0/18"},
            {"id": "subnet-n2", "vpc": "vpc-1", "zone": "z-2", "cidr": "10.131.64.0/18"},
            {"id": "subnet-p1", "vpc": "vpc-1", "zone": "z-1", "cidr": "10.131.128.0/18"},
            {"id": "subnet-p2", "vpc": "vpc-1", "zone": "z-2", "cidr": "10.131.192.0/18"},
        ],
        "clusters": [{"id": "cls-1", "name": "cls-1", "vpc": "vpc-1"}],
        "buckets": [{"name": "weights"}],
        "keys": [{"id": "key-1"}],
        "dnsZones": [{"id": "zone-1", "name": "example.com"}],
        "roles": [{"id": "serving", "name": "serving"}],
    }


def test_a_region_that_adopts_nothing_leaves_lookups_free():
    content = {
        "region": "r",
        "network": {"zones": ["a"]},
        "cluster": {"version": "1.34"},
        "storage": {"replicaRegion": "x"},
    }
    assert world.of(content) == {"availabilityZones": {"r": ["a"]}}
    assert world.of({}) == {}


def test_a_file_is_written_for_the_stand_in_unless_the_user_has_one(tmp_path, monkeypatch):
    monkeypatch.delenv(world.VARIABLE, raising=False)
    given = world.written("aws-us-east-1", tmp_path)
    assert list(given) == [standin.VARIABLE] == [world.VARIABLE]
    assert standin.load(given).records("dnsZones") == world.of_stack("aws-us-east-1")["dnsZones"]
    assert world.of_stack("no-such-stack") == {}
    monkeypatch.setenv(world.VARIABLE, "/mine")
    assert world.written("aws-us-east-1", tmp_path) == {}
