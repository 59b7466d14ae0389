"""Secrets outside secret fields."""

import pytest

from policies import SECRET, UNKNOWN, Resource
from policies.rules.credentials import FIELDS
from tests.policies.planned import planned, pod, said

PLAIN = {  # each field that holds a secret, with a value in clear
    "aws:ec2/vpnConnection:VpnConnection": {"tunnel1PresharedKey": "k", "tunnel2PresharedKey": "k"},
    "alicloud:vpn/connection:Connection": {
        "ikeConfig": {"psk": "k"},
        "tunnelOptionsSpecifications": [{"tunnelIkeConfig": {"psk": "k"}}],
    },
    "alicloud:cs/nodePool:NodePool": {"password": "k"},
    "tencentcloud:Vpn/connection:Connection": {"preShareKey": "k"},
    "tencentcloud:Kubernetes/nodePool:NodePool": {"autoScalingConfig": {"password": "k"}},
    "kubernetes:core/v1:Secret": {"data": {"a": "k"}, "stringData": {"b": "k"}},
    "pulumi:providers:aws": {"accessKey": "k", "secretKey": "k", "token": "k"},
    "pulumi:providers:alicloud": {"accessKey": "k", "secretKey": "k", "securityToken": "k"},
    "pulumi:providers:tencentcloud": {"secretId": "k", "secretKey": "k", "securityToken": "k"},
}


def with_value(value: object, props: object) -> object:
    """The same shape with another value in each field."""
    if isinstance(props, dict):
        return {key: with_value(value, one) for key, one in props.items()}
    return [with_value(value, one) for one in props] if isinstance(props, list) else value


def made(kind: str, value: object, *, marked: bool = True) -> Resource:
    props = with_value(value, PLAIN[kind])
    assert isinstance(props, dict)
    return planned(kind, **props, marked=marked)


@pytest.mark.parametrize("kind", FIELDS)
def test_fields_that_hold_a_secret(kind: str) -> None:
    texts = said("exposed-secrets", made(kind, "plain text"))
    assert len(texts) == len(FIELDS[kind])
    assert all("is not a Pulumi secret" in text and "plain text" not in text for text in texts)
    for hidden in (SECRET, UNKNOWN, None, ""):
        assert said("exposed-secrets", made(kind, hidden)) == []


@pytest.mark.parametrize("kind", FIELDS)
def test_where_secrets_are_not_marked_nothing_is_said_of_them(kind: str) -> None:
    """pulumi-policy hands secrets over in clear: there they look like everything else."""
    assert said("exposed-secrets", made(kind, "-----BEGIN PRIVATE KEY-----", marked=False)) == []


def test_a_whole_secret_is_one() -> None:
    assert said("exposed-secrets", planned("kubernetes:core/v1:Secret", data=SECRET)) == []


@pytest.mark.parametrize("name", ["API_TOKEN", "HF_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
def test_a_value_in_the_environment(name: str) -> None:
    [text] = said("exposed-secrets", pod(env=[{"name": name, "value": "hush"}]))
    assert text == f"container main: env {name} has its value in the manifest: keep it in a Secret, and refer to that"
    reference = {"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    assert said("exposed-secrets", pod(env=[reference])) == []


@pytest.mark.parametrize(("name", "value"), [("MAX_TOKENS", "25480"), ("TOKEN", "/run/token"), ("KEY_TOKEN", "$(X)")])
def test_what_only_sounds_like_a_secret(name: str, value: str) -> None:
    assert said("exposed-secrets", pod(env=[{"name": name, "value": value}])) == []


def test_a_secret_that_a_manifest_would_show() -> None:
    assert said("exposed-secrets", pod(env=[{"name": "HARMLESS", "value": SECRET}]))
    config = planned("kubernetes:core/v1:ConfigMap", data={"a": SECRET, "b": "x"})
    assert said("exposed-secrets", config) == [
        "data[a] is a secret, and a ConfigMap shows it: keep it in a Secret, and refer to that"
    ]
    assert said("exposed-secrets", planned("kubernetes:core/v1:ConfigMap", data=SECRET))


LOOKS = {
    "a private key": "-----BEGIN RSA PRIVATE " + "KEY-----",
    "an AWS access key": "AKIA" + "A" * 16,
    "an Alibaba Cloud access key": "LTAI" + "a1" * 10,
    "a Tencent Cloud secret id": "AKID" + "a1" * 16,
    "a signed token": "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + "." + "c" * 20,
    "an access token": "hf_" + "a" * 34,
    "a kubeconfig's key": "client-key-data: abc",
    "a URL with a password": "postgres://me:hush@db/x",
}


@pytest.mark.parametrize("what", LOOKS)
@pytest.mark.parametrize("marked", [True, False])
def test_what_looks_like_a_secret(what: str, marked: bool) -> None:
    config = planned("kubernetes:core/v1:ConfigMap", data={"a.conf": f"x = {LOOKS[what]}\n"}, marked=marked)
    [text] = said("exposed-secrets", config)
    assert text.startswith(f"data.a.conf holds what looks like {what}")
    assert LOOKS[what] not in text


def test_a_secret_among_arguments() -> None:
    [text] = said("exposed-secrets", pod(args=["--key", LOOKS["an AWS access key"]]))
    assert text.startswith("spec.template.spec.containers[0].args[1] holds what looks like an AWS access key")


def test_user_data_of_every_cloud() -> None:
    for kind in ("aws:ec2/launchTemplate:LaunchTemplate", "alicloud:cs/nodePool:NodePool", "tencentcloud:Cvm/x:X"):
        assert said("exposed-secrets", planned(kind, userData=f"export KEY={LOOKS['an AWS access key']}"))


def test_a_kubeconfig_is_a_path_or_a_secret() -> None:
    kind = "pulumi:providers:kubernetes"
    assert said("exposed-secrets", planned(kind, kubeconfig="/home/me/.kube/config")) == []
    assert said("exposed-secrets", planned(kind, kubeconfig=SECRET)) == []
    assert said("exposed-secrets", planned(kind, kubeconfig="apiVersion: v1\nkind: Config\n"))


@pytest.mark.parametrize(("name", "bad"), [("apiKey", True), ("token", True), ("endpoint", False), ("keys", False)])
def test_outputs(name: str, bad: bool) -> None:
    stack = "pulumi:pulumi:Stack"
    assert bool(said("exposed-secrets", planned(stack, outputs={name: "x"}))) is bad
    assert said("exposed-secrets", planned(stack, outputs={name: SECRET})) == []
