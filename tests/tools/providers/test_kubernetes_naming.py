"""Names: the official provider's auto-naming, ids and types."""

import re

import pytest

from tools.marks import UNKNOWN
from tools.providers.kubernetes import naming

URN = "urn:pulumi:dev::trial::autoglm:gateway:Gateway$kubernetes:{}::web"
AUTO = {"pulumi.com/autonamed": "true"}


def named(inputs, old=None, **options):
    naming.assign_name(inputs, old or {}, "web", seed=options.pop("seed", b"seed"), **options)
    return inputs["metadata"]


def test_a_nameless_object_gets_the_resource_name_and_eight_hex_characters():
    metadata = named({})
    assert re.fullmatch(r"web-[0-9a-f]{8}", metadata["name"])
    assert metadata["annotations"] == AUTO


def test_the_seed_of_the_engine_decides_the_suffix():
    assert named({})["name"] == named({})["name"] != named({}, seed=b"other")["name"]
    assert named({}, seed=b"")["name"] != named({}, seed=b"")["name"]


def test_an_automatic_name_is_kept_on_an_update():
    old = {"metadata": {"name": "web-12345678", "annotations": AUTO}}
    assert named({"metadata": {"labels": {"a": "b"}}}, old)["name"] == "web-12345678"


def test_a_name_that_the_program_once_gave_is_not_kept():
    assert named({}, {"metadata": {"name": "mine"}})["name"] != "mine"


@pytest.mark.parametrize("metadata", [{"name": "mine"}, {"generateName": "mine-"}, {"name": UNKNOWN}])
def test_a_given_name_is_left_alone(metadata):
    assert named({"metadata": dict(metadata)}) == metadata


def test_unknown_metadata_is_left_alone():
    assert named({"metadata": UNKNOWN}) == UNKNOWN


def test_the_stack_may_propose_or_forbid_names():
    assert named({}, proposed="dev-web")["name"] == "dev-web"
    with pytest.raises(naming.NameRequired):
        named({}, forbidden=True)


@pytest.mark.parametrize(
    ("token", "api_version", "kind"),
    [
        ("core/v1:ConfigMap", "v1", "ConfigMap"),
        ("apps/v1:Deployment", "apps/v1", "Deployment"),
        ("rbac.authorization.k8s.io/v1:Role", "rbac.authorization.k8s.io/v1", "Role"),
        ("keda.sh/v1alpha1:ScaledObject", "keda.sh/v1alpha1", "ScaledObject"),
    ],
)
def test_a_urn_says_version_and_kind(token, api_version, kind):
    assert naming.type_token(URN.format(token)) == (api_version, kind)


def test_ids_are_namespace_and_name():
    assert naming.resource_id({"metadata": {"namespace": "team", "name": "web"}}) == "team/web"
    assert naming.resource_id({"metadata": {"name": "team"}}) == "team"
    found = naming.object_of_id(URN.format("core/v1:Secret"), "team/key")
    assert found == {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "team"}}


def test_a_patch_is_told_from_its_object():
    assert naming.is_patch(URN.format("core/v1:ConfigMapPatch"), "ConfigMap")
    assert not naming.is_patch(URN.format("core/v1:ConfigMap"), "ConfigMap")
