"""Differences and replacements: a table of what the official provider does."""

import pytest

from tools.marks import UNKNOWN
from tools.providers.kubernetes.diff import compare, walk

RBAC = "rbac.authorization.k8s.io/v1"
AUTO = {"pulumi.com/autonamed": "true"}


def obj(kind, api_version="v1", *, name="x", auto=False, namespace="team", **members):
    metadata = {"name": name, "namespace": namespace} | ({"annotations": AUTO} if auto else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}


def differ(old, new, mutable=()):
    return compare(old, new, mutable=frozenset(mutable))


# kind, API version, members before, members after, whether the official provider or the API server needs a new object
TABLE = [
    ("ConfigMap", "v1", {"data": {"a": "1"}}, {"data": {"a": "2"}}, True),
    ("ConfigMap", "v1", {"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}}, True),
    ("ConfigMap", "v1", {"binaryData": {"a": "MQ=="}}, {}, True),
    ("ConfigMap", "v1", {"immutable": False}, {"immutable": True}, False),
    ("ConfigMap", "v1", {"immutable": True}, {"immutable": False}, True),
    ("Secret", "v1", {"data": {"a": "MQ=="}}, {"data": {"a": "Mg=="}}, True),
    ("Secret", "v1", {"type": "Opaque"}, {"type": "kubernetes.io/tls"}, True),
    ("Deployment", "apps/v1", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, False),
    ("Deployment", "apps/v1", {"spec": {"selector": {"matchLabels": {"a": "1"}}}},
     {"spec": {"selector": {"matchLabels": {"a": "2"}}}}, True),
    ("Deployment", "apps/v1", {"spec": {"template": {"spec": {"containers": [{"image": "a"}]}}}},
     {"spec": {"template": {"spec": {"containers": [{"image": "b"}]}}}}, False),
    ("DaemonSet", "apps/v1", {"spec": {"selector": {"matchLabels": {"a": "1"}}}}, {"spec": {}}, True),
    ("StatefulSet", "apps/v1", {"spec": {"serviceName": "a"}}, {"spec": {"serviceName": "b"}}, True),
    ("StatefulSet", "apps/v1", {"spec": {"replicas": 1}}, {"spec": {"replicas": 3}}, False),
    ("StatefulSet", "apps/v1", {"spec": {"podManagementPolicy": "Parallel"}}, {"spec": {}}, True),
    ("StatefulSet", "apps/v1", {"spec": {"volumeClaimTemplates": [{"spec": {"storageClassName": "a"}}]}},
     {"spec": {"volumeClaimTemplates": [{"spec": {"storageClassName": "b"}}]}}, True),
    ("Job", "batch/v1", {"spec": {"template": {"spec": {"containers": [{"image": "a"}]}}}},
     {"spec": {"template": {"spec": {"containers": [{"image": "b"}]}}}}, True),
    ("Job", "batch/v1", {"spec": {"parallelism": 1}}, {"spec": {"parallelism": 2}}, True),
    ("Job", "batch/v1", {"spec": {"suspend": True}}, {"spec": {"suspend": False}}, False),
    ("Job", "batch/v1", {"spec": {"ttlSecondsAfterFinished": 1}}, {"spec": {}}, False),
    ("Service", "v1", {"spec": {"clusterIP": "None"}}, {"spec": {}}, True),
    ("Service", "v1", {"spec": {"type": "ClusterIP"}}, {"spec": {"type": "NodePort"}}, False),
    ("Service", "v1", {"spec": {"ports": [{"port": 80}]}}, {"spec": {"ports": [{"port": 81}]}}, False),
    ("PersistentVolumeClaim", "v1", {"spec": {"storageClassName": "a"}}, {"spec": {"storageClassName": "b"}}, True),
    ("PersistentVolumeClaim", "v1", {"spec": {"accessModes": ["ReadWriteOnce"]}},
     {"spec": {"accessModes": ["ReadWriteMany"]}}, True),
    ("PersistentVolumeClaim", "v1", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}},
     {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, False),
    ("PersistentVolume", "v1", {"spec": {"hostPath": {"path": "/a"}}}, {"spec": {"hostPath": {"path": "/b"}}}, True),
    ("PersistentVolume", "v1", {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}, {"spec": {}}, False),
    ("Pod", "v1", {"spec": {"containers": [{"image": "a"}]}}, {"spec": {"containers": [{"image": "b"}]}}, True),
    ("Pod", "v1", {"spec": {"tolerations": []}}, {"spec": {"tolerations": [{"key": "a"}]}}, False),
    ("ResourceQuota", "v1", {"spec": {"hard": {"pods": "1"}}}, {"spec": {"hard": {"pods": "2"}}}, False),
    ("ResourceQuota", "v1", {"spec": {"scopes": ["BestEffort"]}}, {"spec": {}}, True),
    ("RoleBinding", RBAC, {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}, True),
    ("RoleBinding", RBAC, {"subjects": []}, {"subjects": [{"name": "b"}]}, False),
    ("ClusterRoleBinding", RBAC, {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}, True),
    ("StorageClass", "storage.k8s.io/v1", {"provisioner": "a"}, {"provisioner": "b"}, True),
    ("StorageClass", "storage.k8s.io/v1", {"parameters": {"a": "1"}}, {"parameters": {"a": "2"}}, True),
    ("StorageClass", "storage.k8s.io/v1", {"allowVolumeExpansion": False}, {"allowVolumeExpansion": True}, False),
    ("PodDisruptionBudget", "policy/v1", {"spec": {"minAvailable": 1}}, {"spec": {"minAvailable": 2}}, False),
    ("PriorityClass", "scheduling.k8s.io/v1", {"value": 1}, {"value": 2}, True),
    ("Widget", "example.com/v1", {"spec": {"size": 1}}, {"spec": {"size": 2}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "version", "before", "after", "replaced"), TABLE)
def test_fields_that_need_a_new_object(kind, version, before, after, replaced):
    found = differ(obj(kind, version, **before), obj(kind, version, **after))
    assert found.changes
    assert bool(found.replaces) is replaced
    assert found.delete_first is replaced  # the name is the program's own, so the old object must go first


def test_a_new_name_or_namespace_is_a_new_object_made_before_the_old_one_goes():
    for change in ({"name": "y"}, {"namespace": "other"}):
        found = differ(obj("ConfigMap"), obj("ConfigMap", **change))
        assert found.replaces
        assert not found.delete_first


def test_an_automatically_named_object_is_replaced_before_the_old_one_goes():
    found = differ(obj("ConfigMap", auto=True, data={"a": "1"}), obj("ConfigMap", auto=True, data={"a": "2"}))
    assert found.replaces == {("data", "a")}
    assert not found.delete_first


def test_data_changes_in_place_where_the_user_says_so():
    for kind in ("ConfigMap", "Secret"):
        found = differ(obj(kind, data={"a": "1"}), obj(kind, data={"a": "2"}), mutable=[kind])
        assert found.changes
        assert not found.replaces


def test_an_immutable_config_map_is_replaced_all_the_same():
    old, new = obj("ConfigMap", immutable=True, data={"a": "1"}), obj("ConfigMap", immutable=True, data={"a": "2"})
    assert differ(old, new, mutable=["ConfigMap"]).replaces


def test_a_patch_is_replaced_only_for_another_object():
    old, new = obj("ConfigMap", data={"a": "1"}), obj("ConfigMap", data={"a": "2"})
    assert not compare(old, new, mutable=frozenset(), patch=True).replaces
    assert compare(old, obj("ConfigMap", name="y"), mutable=frozenset(), patch=True).replaces


def test_a_newer_version_of_a_kind_is_an_update_and_another_group_is_not():
    old = obj("HorizontalPodAutoscaler", "autoscaling/v1")
    assert not differ(old, obj("HorizontalPodAutoscaler", "autoscaling/v2")).replaces
    assert differ(old, obj("HorizontalPodAutoscaler", "example.com/v2")).replaces


def test_a_namespace_on_a_kind_without_one_is_no_difference():
    old, new = obj("Widget"), obj("Widget")
    new["metadata"].pop("namespace")
    assert not compare(old, new, mutable=frozenset(), namespaced=False).changes
    assert compare(old, new, mutable=frozenset(), namespaced=True).changes


def test_nulls_and_empty_objects_are_as_good_as_absent():
    assert not list(walk({"a": None, "b": {}, "c": []}, {}))


def test_changes_are_named_leaf_by_leaf():
    old = {"a": {"x": 1}, "l": [{"n": "p"}, {"n": "q"}], "gone": {"deep": {"er": 1}}}
    new = {"a": {"x": 2}, "l": [{"n": "p"}], "added": ["v"]}
    assert dict(walk(old, new)) == {
        ("a", "x"): "UPDATE",
        ("added",): "ADD",
        ("gone", "deep", "er"): "DELETE",
        ("l", 1, "n"): "DELETE",
    }


def test_an_unknown_value_is_a_change_even_from_unknown():
    assert dict(walk({"a": {"b": UNKNOWN}}, {"a": {"b": UNKNOWN}})) == {("a", "b"): "UPDATE"}
    assert dict(walk({"a": "1"}, {"a": UNKNOWN})) == {("a",): "UPDATE"}


def test_an_unknown_name_is_taken_for_a_new_one():
    assert differ(obj("ConfigMap"), obj("ConfigMap", name=UNKNOWN)).replaces == {("metadata", "name")}
