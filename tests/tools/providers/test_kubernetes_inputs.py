"""What Check does with inputs, and what programs and the state see of a live object."""

import base64

import pytest

from tools.marks import UNKNOWN
from tools.providers.kubernetes import inputs, outputs
from tools.providers.kubernetes.ignored import kept, parse
from tools.providers.values import Properties, get

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_string_data_becomes_data():
    normal = inputs.normalize({**SECRET, "data": {"a": "QQ=="}, "stringData": {"b": "B", "a": "over"}})
    assert normal["data"] == {"a": encoded("over"), "b": encoded("B")}
    assert "stringData" not in normal


def test_unknown_string_data_stays_unknown():
    assert inputs.normalize({**SECRET, "stringData": {"b": UNKNOWN}})["data"] == {"b": UNKNOWN}
    assert inputs.normalize({**SECRET, "stringData": UNKNOWN})["data"] == UNKNOWN


def test_all_data_of_a_secret_is_secret():
    properties = Properties(data={**SECRET, "data": {"a": "QQ=="}}, secrets=frozenset({("metadata", "name")}))
    assert inputs.secret_paths(properties) == {("data",), ("metadata", "name")}
    assert inputs.secret_paths(Properties(data={**SECRET, "kind": "ConfigMap", "data": {"a": "b"}})) == frozenset()


def test_the_body_has_no_nulls_and_nothing_of_pulumi():
    sent = inputs.body(
        {"kind": "A", "status": {"a": 1}, "__fieldManager": "x", "spec": {"a": None, "b": [{"c": None}]}}
    )
    assert sent == {"kind": "A", "spec": {"b": [{}]}}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"kind": "A"}, "apiVersion"),
        ({"apiVersion": "v1", "kind": 3}, "kind"),
        ({"apiVersion": "v1", "kind": "ConfigMapList", "items": []}, "kind"),
        ({"apiVersion": "v1", "kind": "A", "metadata": "x"}, "metadata"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {"namespace": "Team A"}}, "metadata.namespace"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {"labels": ["a"]}}, "metadata.labels"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {"annotations": {"a/b": 3}}}, 'metadata.annotations["a/b"]'),
    ],
)
def test_mistakes_are_named_by_path(given, path):
    assert [found for found, _ in inputs.failures(given)] == [path]


def test_unknown_parts_are_no_mistakes():
    for metadata in (UNKNOWN, {"namespace": UNKNOWN, "labels": UNKNOWN, "annotations": {"a": UNKNOWN}}):
        assert not list(inputs.failures({"apiVersion": "v1", "kind": "A", "metadata": metadata}))


def test_names_with_colons_are_for_rbac_only():
    named = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:a"}}
    assert not list(inputs.name_failures(named))
    assert list(inputs.name_failures({**named, "apiVersion": "v1"}))


LIVE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "s", "namespace": "n", "uid": "u", "managedFields": [{}], "labels": {"a": "1", "theirs": "x"}},
    "spec": {
        "clusterIP": "10.0.0.1",
        "type": "ClusterIP",
        "ports": [{"name": "b", "port": 2}, {"name": "a", "port": 9}],
    },
    "status": {"loadBalancer": {}},
}


def test_live_inputs_hold_the_programs_fields_with_the_clusters_values():
    old = {
        "kind": "Service",
        "metadata": {"name": "s", "labels": {"a": "0", "gone": "1"}},
        "spec": {"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]},
    }
    assert outputs.live_inputs(LIVE, old) == {
        "kind": "Service",
        "metadata": {"name": "s", "labels": {"a": "1"}},
        "spec": {"ports": [{"name": "a", "port": 9}, {"name": "b", "port": 2}]},
    }


def test_an_import_takes_all_that_the_server_did_not_write():
    found = outputs.imported_inputs(LIVE)
    assert found["metadata"] == {"name": "s", "namespace": "n", "labels": {"a": "1", "theirs": "x"}}
    assert "status" not in found
    assert found["spec"] == LIVE["spec"]


def test_a_planned_object_promises_no_value_that_a_dry_run_made_up():
    given = Properties(data={"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": []}})
    planned = outputs.planned(given, LIVE, creating=True, manager="m").data
    assert planned["spec"]["clusterIP"] == planned["metadata"]["uid"] == planned["status"] == UNKNOWN
    assert planned["spec"]["type"] == "ClusterIP"  # a default is the same next time
    assert get(outputs.planned(given, None, creating=True, manager="m").data, ("spec", "clusterIP")) == UNKNOWN


def test_a_value_that_the_program_gives_is_promised():
    given = Properties(data={**LIVE, "spec": {"clusterIP": "None"}})
    assert outputs.planned(given, LIVE | {"spec": {"clusterIP": "None"}}, creating=True, manager="m").data["spec"] == {
        "clusterIP": "None",
        "clusterIPs": UNKNOWN,
        "healthCheckNodePort": UNKNOWN,
    }


def test_node_ports_are_unknown_until_the_service_is_there():
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 31234}, {"port": 81, "nodePort": 30080}]}
    given = Properties(
        data={**LIVE, "spec": {"type": "NodePort", "ports": [{"port": 80}, {"port": 81, "nodePort": 30080}]}}
    )
    planned = outputs.planned(given, {**LIVE, "spec": spec}, creating=True, manager="m").data["spec"]["ports"]
    assert [port["nodePort"] for port in planned] == [UNKNOWN, 30080]


def test_secrets_of_the_inputs_are_secrets_of_the_outputs():
    given = Properties(
        data={"kind": "A", "spec": {"list": [{"v": "x"}], "plain": 1}}, secrets=frozenset({("spec", "list", 0, "v")})
    )
    same = outputs.from_live({"kind": "A", "spec": {"list": [{"v": "x"}]}}, given, manager="m", initial_version="v1")
    assert same.secrets == {("spec", "list", 0, "v")}
    other = {"kind": "A", "spec": {"list": [{"v": "x", "name": "theirs"}]}}
    assert outputs.from_live(other, given, manager="m", initial_version="v1").secrets == {("spec", "list")}
    longer = {"kind": "A", "spec": {"list": [{"v": "sidecar"}, {"v": "x"}]}}
    moved = outputs.from_live(longer, given, manager="m", initial_version="v1")
    assert moved.secrets == {("spec", "list")}  # the place is not known any more: all of the list is secret


def test_ignored_paths_keep_the_live_value():
    live = {
        "spec": {"replicas": 5, "containers": [{"image": "theirs"}, {"image": "mine"}]},
        "metadata": {"labels": {"a/b": "x"}},
    }
    mine = {"spec": {"replicas": 1, "containers": [{"image": "a"}]}, "metadata": {"labels": {}}}
    found = kept(
        mine, live, ["spec.replicas", "spec.containers[*].image", 'metadata.labels["a/b"]', "spec.absent.deep"]
    )
    assert found == {"spec": {"replicas": 5, "containers": [{"image": "theirs"}]}, "metadata": {"labels": {"a/b": "x"}}}
    assert mine["spec"]["replicas"] == 1
    assert kept(mine, None, ["spec.replicas"]) == mine


def test_property_paths_are_read_as_the_engine_writes_them():
    assert parse('metadata.labels["a.b/\\"c\\""][0].x[*]') == ("metadata", "labels", 'a.b/"c"', 0, "x", "*")
