"""Where snapshots are: a folder, or a bucket that speaks S3, of AWS, Alibaba Cloud, Tencent Cloud or one's own."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from obstore.store import LocalStore, ObjectStore, S3Store

from autoglm_etcd.keeper import roles

_ENDPOINTS: Final = {
    "oss": "https://{bucket}.oss-{region}.aliyuncs.com",
    "cos": "https://{bucket}.cos.{region}.myqcloud.com",
}
_KEYS: Final = {
    "oss": ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    "cos": ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_SESSION_TOKEN"),
}
"""The names that the clouds' own tools have; S3's are obstore's business, as are the roles of pods on EKS."""


def open_store(
    url: str, region: str = "", endpoint: str | None = None, environment: Mapping[str, str] = os.environ
) -> ObjectStore:
    """Raises ValueError for a URL that is none of file, s3, oss and cos, or for a bucket nobody has a key to."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        Path(parts.path).mkdir(parents=True, exist_ok=True)
        return LocalStore(parts.path)
    if parts.scheme not in ("s3", *_ENDPOINTS) or not parts.netloc:
        raise ValueError(f"--store {url}: use file:///folder, or s3://, oss:// or cos://bucket/prefix")
    bucket, prefix = parts.netloc, parts.path.strip("/") or None
    config: dict[str, Any] = {"region": region} if region else {}
    provider = None
    if parts.scheme != "s3":
        config |= _of_cloud(parts.scheme, bucket, region, endpoint)
        provider = _provider(parts.scheme, url, region, environment)
    elif endpoint:
        config["endpoint"] = endpoint
    options: Any = {"timeout": "10m", "allow_http": (endpoint or "").startswith("http://")}
    return S3Store(bucket, prefix=prefix, config=config, client_options=options, credential_provider=provider)  # type: ignore[arg-type]


def _of_cloud(scheme: str, bucket: str, region: str, endpoint: str | None) -> dict[str, Any]:
    """An endpoint of one's own names no bucket; the clouds' do, and they take no other form."""
    if not region and not endpoint:
        raise ValueError(f"--store {scheme}://{bucket}: give --store-region, the bucket's")
    own = endpoint or _ENDPOINTS[scheme].format(bucket=bucket, region=region)
    return {"endpoint": own, "virtual_hosted_style_request": not endpoint, "region": region or "us-east-1"}


def _provider(scheme: str, url: str, region: str, environment: Mapping[str, str]) -> roles.Provider:
    """Keys that were given, else those of the pod's role."""
    access, secret, token = (environment.get(name, "") for name in _KEYS[scheme])
    if access and secret:
        given = roles.Credential(access_key_id=access, secret_access_key=secret, expires_at=None)
        if token:
            given["token"] = token
        return lambda: given
    role = roles.find(scheme, region, environment)
    if role is None:
        raise ValueError(f"--store {url}: set {', '.join(_KEYS[scheme][:2])}, or give the pod a role of the cloud")
    return lambda: roles.take(role)
