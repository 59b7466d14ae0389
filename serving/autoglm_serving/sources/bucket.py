"""Buckets that speak S3: of AWS, Alibaba Cloud (OSS), Tencent Cloud (COS), and of one's own (MinIO, Ceph)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from autoglm_serving.errors import SettingsError
from autoglm_serving.sources.base import Interrupted, RemoteFile, SourceError, check_name

if TYPE_CHECKING:
    from obstore.store import S3Store

PIECE = 4 * 1024 * 1024
TIMEOUT = timedelta(minutes=10)
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
"""Few: the download goes on with the byte that is missing, while the store would begin the range again."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """How a cloud's buckets are reached, and what its own tools call the variables. `{bucket}` is in the host."""

    endpoint: str
    region: tuple[str, ...]
    endpoint_variable: str
    access_key: tuple[str, ...]
    secret_key: tuple[str, ...]
    session_token: tuple[str, ...]


CLOUDS = {
    "oss": Cloud(
        endpoint="https://{bucket}.oss-{region}.aliyuncs.com",
        region=("OSS_REGION", "ALIBABA_CLOUD_REGION_ID"),
        endpoint_variable="OSS_ENDPOINT",
        access_key=("OSS_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        secret_key=("OSS_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        session_token=("OSS_SESSION_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ),
    "cos": Cloud(
        endpoint="https://{bucket}.cos.{region}.myqcloud.com",
        region=("COS_REGION", "TENCENTCLOUD_REGION"),
        endpoint_variable="COS_ENDPOINT",
        access_key=("COS_SECRET_ID", "TENCENTCLOUD_SECRET_ID"),
        secret_key=("COS_SECRET_KEY", "TENCENTCLOUD_SECRET_KEY"),
        session_token=("COS_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN"),
    ),
}
"""S3 itself is not here: the AWS_ variables, and the roles of pods and machines, are obstore's own."""


class Bucket:
    """`s3://bucket/prefix`, `oss://…`, `cos://…`."""

    def __init__(self, scheme: str, bucket: str, prefix: str, environment: Mapping[str, str]) -> None:
        """Raises SettingsError for a variable that is missing."""
        self.name = f"{scheme}://{bucket}/{prefix}".rstrip("/")
        self._prefix = prefix.strip("/")
        self._store = _store(scheme, bucket, environment)

    def files(self) -> Sequence[RemoteFile]:
        import obstore

        base = f"{self._prefix}/" if self._prefix else ""
        found = []
        try:
            for batch in obstore.list(self._store, prefix=self._prefix or None):
                for meta in batch:
                    key = meta["path"]
                    if key.endswith("/") or not key.startswith(base):
                        continue
                    name = check_name(self.name, key.removeprefix(base))
                    found.append(RemoteFile(name=name, size=meta["size"], key=key, etag=meta["e_tag"] or ""))
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._explain(error) from None
        return found

    def read(self, file: RemoteFile, start: int, end: int) -> Iterator[bytes]:
        import obstore

        options: Any = {"range": (start, end)} | ({"if_match": file.etag} if file.etag else {})
        try:
            result = obstore.get(self._store, file.key, options=options)
            if result.meta["size"] != file.size:
                raise SourceError(
                    f"{self.name}: {file.name} has {result.meta['size']} bytes, but the list says {file.size}:"
                    " it changed meanwhile; run the same again"
                )
            for piece in result.stream(min_chunk_size=PIECE):
                yield bytes(piece)
        except obstore.exceptions.PreconditionError:
            raise SourceError(f"{self.name}: {file.name} was changed meanwhile; run the same again") from None
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._explain(error) from None

    def close(self) -> None:
        """The store has no connections that must be closed."""

    def _explain(self, error: Exception) -> SourceError | Interrupted:
        import obstore

        # The first line: the rest is the error once more, as Rust sees it.
        message = (str(error).splitlines() or [type(error).__name__])[0]
        final = (
            obstore.exceptions.PermissionDeniedError,
            obstore.exceptions.UnauthenticatedError,
            FileNotFoundError,
            ValueError,
        )
        if isinstance(error, final):
            return SourceError(f"{self.name} can't be read: {message}")
        return Interrupted(message)


def _store(scheme: str, bucket: str, environment: Mapping[str, str]) -> "S3Store":
    from obstore.store import S3Store

    config: dict[str, Any] = {}
    if scheme == "s3":
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
        if endpoint:
            config["endpoint"] = endpoint
    else:
        config = _of_cloud(CLOUDS[scheme], scheme, bucket, environment)
        endpoint = config["endpoint"]
    options: Any = {"timeout": TIMEOUT, "allow_http": endpoint.startswith("http://")}
    return S3Store(bucket, config=config, client_options=options, retry_config=RETRIES)  # type: ignore[arg-type]


def _of_cloud(cloud: Cloud, scheme: str, bucket: str, environment: Mapping[str, str]) -> dict[str, Any]:
    def value(*names: str) -> str:
        return next((environment[name] for name in names if environment.get(name)), "")

    own, region = value(cloud.endpoint_variable), value(*cloud.region)
    if not region and not own:
        raise SettingsError(f"{scheme}://{bucket}: set {cloud.region[0]} to the bucket's region, as ap-guangzhou")
    access_key, secret_key = value(*cloud.access_key), value(*cloud.secret_key)
    config: dict[str, Any] = {"region": region or "us-east-1"}
    # An endpoint of one's own names no bucket; the cloud's do, and they take no other form.
    config["endpoint"] = own or cloud.endpoint.format(bucket=bucket, region=region)
    config["virtual_hosted_style_request"] = not own
    if access_key and secret_key:
        config |= {"access_key_id": access_key, "secret_access_key": secret_key}
        if token := value(*cloud.session_token):
            config["session_token"] = token
    else:
        config["skip_signature"] = True
    return config
