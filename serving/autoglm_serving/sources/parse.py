"""From a location to its source. Each source's library is imported only when it is used."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from autoglm_serving.errors import SettingsError
from autoglm_serving.sources.base import Source

FORMS = {
    "/path": "a folder or a mounted volume; also file:///path",
    "s3://bucket/prefix": "S3, or what speaks it at AWS_ENDPOINT_URL",
    "oss://bucket/prefix": "Alibaba Cloud, of the region OSS_REGION",
    "cos://bucket/prefix": "Tencent Cloud, of the region COS_REGION",
    "hf://owner/name@revision": "Hugging Face, or its mirror HF_ENDPOINT",
    "modelscope://owner/name@revision": "ModelScope, or its mirror MODELSCOPE_ENDPOINT",
    "oci://registry/name:tag": "an OCI artifact, or an image with the files in /models; @sha256:… pins it",
}

_BUCKET = re.compile(r"(s3|oss|cos)://([a-z0-9][a-z0-9.-]{1,62})(?:/(.*))?")
_HUB = re.compile(r"(hf|modelscope)://([\w.-]+/[\w.-]+)(?:@([\w./-]+))?")


def is_local(location: str) -> bool:
    """Whether it needs no network that this program would have to use."""
    return location.startswith(("/", "file:///", "./", "../"))


def parse(location: str, environment: Mapping[str, str] = os.environ) -> Source:
    """Raises SettingsError for what has none of the forms."""
    if is_local(location):
        from autoglm_serving.sources.folder import Folder

        return Folder(Path(location.removeprefix("file://")))
    if match := _BUCKET.fullmatch(location):
        from autoglm_serving.sources.bucket import Bucket

        return Bucket(match[1], match[2], match[3] or "", environment)
    if match := _HUB.fullmatch(location):
        from autoglm_serving.sources.hub import HuggingFace, ModelScope

        hub = HuggingFace if match[1] == "hf" else ModelScope
        return hub(match[2], match[3] or "", environment)
    if location.startswith("oci://"):
        from autoglm_serving.sources.oci import Image

        return Image(location, environment)
    forms = "\n".join(f"  {form:34} {meaning}" for form, meaning in FORMS.items())
    raise SettingsError(f"SOURCE: {location!r} is none of\n{forms}")
