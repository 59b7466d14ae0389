"""Secrets stay in fields made for them: marked in the state, and never where a manifest or a console shows them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.rules.base import SECRET, UNKNOWN, Resource, Rule, each, get
from policies.rules.pods import containers, kind

# Type -> paths of fields that hold a secret; `*` stands for each element, of a list or a map
FIELDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "aws:ec2/vpnConnection:VpnConnection": (("tunnel1PresharedKey",), ("tunnel2PresharedKey",)),
    "alicloud:vpn/connection:Connection": (
        ("ikeConfig", "psk"),
        ("tunnelOptionsSpecifications", "*", "tunnelIkeConfig", "psk"),
    ),
    "alicloud:cs/nodePool:NodePool": (("password",),),
    "tencentcloud:Vpn/connection:Connection": (("preShareKey",),),
    "tencentcloud:Kubernetes/nodePool:NodePool": (("autoScalingConfig", "password"),),
    "kubernetes:core/v1:Secret": (("data", "*"), ("stringData", "*")),
    "pulumi:providers:aws": (("accessKey",), ("secretKey",), ("token",)),
    "pulumi:providers:alicloud": (("accessKey",), ("secretKey",), ("securityToken",)),
    "pulumi:providers:tencentcloud": (("secretId",), ("secretKey",), ("securityToken",)),
}
_LOOKS = {  # what a value is -> how it looks
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "an Alibaba Cloud access key": re.compile(r"\bLTAI[0-9A-Za-z]{12,30}\b"),
    "a Tencent Cloud secret id": re.compile(r"\bAKID[0-9A-Za-z]{13,40}\b"),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "an access token": re.compile(r"\b(hf_[A-Za-z]{30,}|gh[pousr]_\w{30,}|sk-[A-Za-z0-9-]{20,})"),
    "a kubeconfig's key": re.compile(r"client-key-data:|\"client-key-data\""),
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+]*://[^/\s:@]+:[^/\s:@$]+@"),
}
_NAMED = re.compile(r"(?i)(password|passwd|secret|token|api_?key|access_?key(_?id)?|private_?key|psk|credentials?)$")
_FIX = "keep it in a Secret, and refer to that"


def _fields(resource: Resource) -> Iterator[str]:
    if not resource.marked:
        return
    for path in FIELDS.get(resource.type, ()):
        for shown, value in _at(resource.props, path):
            if value is not SECRET and value is not UNKNOWN and value not in (None, ""):
                yield f"{shown} is not a Pulumi secret, so state and logs show it: wrap it in pulumi.Output.secret"
    if resource.type == "pulumi:providers:kubernetes":
        text = get(resource.props, "kubeconfig")
        if isinstance(text, str) and ("\n" in text or text.lstrip().startswith("{")):
            yield "kubeconfig is not a Pulumi secret, so the state shows its key: wrap it in pulumi.Output.secret"


def _at(value: object, path: tuple[str, ...], shown: str = "") -> Iterator[tuple[str, Any]]:
    if not path or value is SECRET or value is UNKNOWN:
        yield shown, value
    elif path[0] != "*":
        if isinstance(value, Mapping) and path[0] in value:
            yield from _at(value[path[0]], path[1:], f"{shown}.{path[0]}".lstrip("."))
    else:
        entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        for key, one in entries:
            yield from _at(one, path[1:], f"{shown}[{key}]")


def _environment(resource: Resource) -> Iterator[str]:
    """Who may read the workload reads its manifest, whether or not Pulumi's state hides the value."""
    for container in containers(resource):
        for variable in each(container, "env"):
            name, value = str(variable.get("name")), variable.get("value")
            literal = isinstance(value, str) and value != "" and not value.startswith(("/", "$("))
            if value is SECRET or (literal and _NAMED.search(name)):
                yield f"container {container.get('name')}: env {name} has its value in the manifest: {_FIX}"


def _config_map(resource: Resource) -> Iterator[str]:
    if kind(resource) != "ConfigMap":
        return
    data = resource.props.get("data")
    if data is SECRET:
        yield f"data is a secret, and a ConfigMap shows it: {_FIX}"
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if value is SECRET:
            yield f"data[{key}] is a secret, and a ConfigMap shows it: {_FIX}"


def _looks(resource: Resource) -> Iterator[str]:
    """Where secrets can't be told from other values (`marked`), those made for secrets are left out."""
    if not resource.marked and (resource.type in FIELDS or resource.package not in ("kubernetes",)):
        return
    for shown, value in _strings(resource.props, ""):
        for what, pattern in _LOOKS.items():
            if pattern.search(value):
                yield f"{shown} holds what looks like {what}: {_FIX}"


def _strings(value: object, shown: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield shown, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _strings(one, f"{shown}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for number, one in enumerate(value):
            yield from _strings(one, f"{shown}[{number}]")


def _outputs(resource: Resource) -> Iterator[str]:
    for name, value in resource.outputs.items() if resource.type == "pulumi:pulumi:Stack" else ():
        if isinstance(value, str) and _NAMED.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)):
            yield f"the output {name} is not a Pulumi secret, so everyone with the state reads it: wrap it"


def _check(resource: Resource) -> Iterator[str]:
    for part in (_fields, _environment, _config_map, _looks, _outputs):
        yield from part(resource)


EXPOSED_SECRETS = Rule(
    id="exposed-secrets",
    description="Secrets are Pulumi secrets in fields made for them; none in environments, ConfigMaps or outputs.",
    check=_check,
)
