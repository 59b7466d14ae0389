"""A pod's role in Alibaba Cloud or Tencent Cloud: its token is changed for keys that live for an hour.

AWS's way is obstore's own. Variables, which the clouds' webhooks give to pods, and calls, which need no signature, are
those of the clouds' own SDKs: AssumeRoleWithOIDC (STS 2015-04-01) and AssumeRoleWithWebIdentity (STS 2018-08-13).
"""

import json
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

_SECONDS: Final = 3600
_SESSION: Final = "etcd-keeper"
_TIMEOUT: Final = 10.0


class Credential(TypedDict):
    """As obstore takes them."""

    access_key_id: str
    secret_access_key: str
    token: NotRequired[str]
    expires_at: datetime | None


Provider = Callable[[], Credential]


@dataclass(frozen=True, kw_only=True)
class Role:
    """`provider`: the cloud's id of the cluster's issuer of tokens; `token`: file of the pod's."""

    scheme: str
    region: str
    arn: str
    provider: str
    token: Path
    sts: str


_VARIABLES: Final = {
    "oss": ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
    "cos": ("TKE_ROLE_ARN", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE"),
}
_STS: Final = {"oss": "https://sts.{region}.aliyuncs.com", "cos": "https://sts.tencentcloudapi.com"}


def find(scheme: str, region: str, environment: Mapping[str, str]) -> Role | None:
    """The role that the pod was given; None without one. `scheme`: oss or cos."""
    arn, provider, token = (environment.get(name, "") for name in _VARIABLES[scheme])
    if not (arn and provider and token):
        return None
    sts = environment.get("AUTOGLM_STS_ENDPOINT") or _STS[scheme].format(region=region)
    region = environment.get("TKE_REGION") or region
    return Role(scheme=scheme, region=region, arn=arn, provider=provider, token=Path(token), sts=sts)


def take(role: Role) -> Credential:
    """Raises OSError where the cloud does not give it; the pod's token is in no message."""
    request = (_oidc if role.scheme == "oss" else _web_identity)(role, role.token.read_text().strip())
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310  the cloud's own address
        answer = json.load(response)
    return (_of_alibaba if role.scheme == "oss" else _of_tencent)(role, answer)


def _oidc(role: Role, token: str) -> urllib.request.Request:
    fields = {
        "Action": "AssumeRoleWithOIDC",
        "Version": "2015-04-01",
        "Format": "JSON",
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SignatureNonce": uuid.uuid4().hex,
        "RoleArn": role.arn,
        "OIDCProviderArn": role.provider,
        "OIDCToken": token,
        "RoleSessionName": _SESSION,
        "DurationSeconds": str(_SECONDS),
    }
    return urllib.request.Request(role.sts + "/", data=urllib.parse.urlencode(fields).encode())  # noqa: S310


def _of_alibaba(role: Role, answer: Any) -> Credential:
    given = answer.get("Credentials")
    if not given:
        raise OSError(f"role {role.arn} was not given: {answer.get('Code')}: {answer.get('Message')}")
    return Credential(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["AccessKeySecret"],
        token=given["SecurityToken"],
        expires_at=datetime.fromisoformat(given["Expiration"]),
    )


def _web_identity(role: Role, token: str) -> urllib.request.Request:
    body = {
        "ProviderId": role.provider,
        "WebIdentityToken": token,
        "RoleArn": role.arn,
        "RoleSessionName": _SESSION,
        "DurationSeconds": _SECONDS,
    }
    headers = {
        "Content-Type": "application/json",
        "Authorization": "SKIP",
        "X-TC-Action": "AssumeRoleWithWebIdentity",
        "X-TC-Version": "2018-08-13",
        "X-TC-Timestamp": str(int(time.time())),
        "X-TC-Region": role.region,
    }
    return urllib.request.Request(role.sts + "/", data=json.dumps(body).encode(), headers=headers)  # noqa: S310


def _of_tencent(role: Role, answer: Any) -> Credential:
    response = answer["Response"]
    if "Error" in response:
        error = response["Error"]
        raise OSError(f"role {role.arn} was not given: {error.get('Code')}: {error.get('Message')}")
    given = response["Credentials"]
    return Credential(
        access_key_id=given["TmpSecretId"],
        secret_access_key=given["TmpSecretKey"],
        token=given["Token"],
        expires_at=datetime.fromtimestamp(response["ExpiredTime"], UTC),
    )
