"""Check and the other calls that need no cluster, through the servicer itself."""

import pytest
from google.protobuf.struct_pb2 import Struct

from tools.marks import UNKNOWN
from tools.providers.kubernetes.provider import KubernetesProvider
from tools.providers.protocol import ProviderFailure
from tools.providers.protos import provider_pb2 as pb
from tools.providers.values import Properties, decode, encode

URN = "urn:pulumi:dev::trial::autoglm:x:Parent$kubernetes:{}::web"


@pytest.fixture
def provider(tmp_path):
    provider = KubernetesProvider()
    arguments = encode(Properties(data={"kubeconfig": str(tmp_path / "absent"), "namespace": "team"}))
    provider.Configure(pb.ConfigureRequest(args=arguments), None)
    return provider


def check(provider, token, data, secrets=(), olds=None):
    request = pb.CheckRequest(
        urn=URN.format(token),
        news=encode(Properties(data=data, secrets=frozenset(secrets))),
        olds=encode(Properties(data=olds or {})),
        randomSeed=b"seed",
    )
    response = provider.Check(request, None)
    return decode(response.inputs), [(failure.property, failure.reason) for failure in response.failures]


def test_name_and_namespace_are_filled_in(provider):
    found, failures = check(provider, "core/v1:ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap"})
    assert not failures
    assert found.data["metadata"]["namespace"] == "team"
    assert found.data["metadata"]["name"].startswith("web-")


def test_a_kind_outside_namespaces_gets_none(provider):
    found, _ = check(provider, "core/v1:Namespace", {"apiVersion": "v1", "kind": "Namespace"})
    assert "namespace" not in found.data["metadata"]


def test_a_secret_is_secret_whatever_the_program_marks(provider):
    given = {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x"}, "metadata": {"name": "s"}}
    found, _ = check(provider, "core/v1:Secret", given)
    assert found.secrets == {("data",)}
    assert found.data["data"] == {"a": "eA=="}


def test_unknown_values_pass(provider):
    given = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": UNKNOWN}, "data": UNKNOWN}
    found, failures = check(provider, "core/v1:ConfigMap", given)
    assert not failures
    assert found.data["data"] == found.data["metadata"]["name"] == UNKNOWN


def test_a_patch_must_name_its_object(provider):
    _, failures = check(provider, "core/v1:ConfigMapPatch", {"apiVersion": "v1", "kind": "ConfigMap"})
    assert failures == [("metadata.name", "a Patch must name the object it patches")]


def test_an_unconfigured_provider_says_so():
    with pytest.raises(ProviderFailure, match="before it configured it"):
        check(KubernetesProvider(), "core/v1:ConfigMap", {"apiVersion": "v1", "kind": "ConfigMap"})


def test_what_is_missing_is_named(provider):
    with pytest.raises(ProviderFailure, match="kubernetes:kustomize:Directory is not supported"):
        check(provider, "kustomize:Directory", {})
    with pytest.raises(ProviderFailure, match="kubernetes:helm:template is a function of the official"):
        provider.Invoke(pb.InvokeRequest(tok="kubernetes:helm:template", args=Struct()), None)
    with pytest.raises(ProviderFailure, match="has no schema"):
        provider.GetSchema(pb.GetSchemaRequest(), None)
