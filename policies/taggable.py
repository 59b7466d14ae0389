"""Which types of the three clouds' SDKs take a map of tags: read from the SDKs' source, written to taggable.txt.

python -m policies.taggable > policies/taggable.txt
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("pulumi_aws", "pulumi_alicloud", "tencentcloud_iac_pulumi")
TOKEN = re.compile(r"super\([^)]*\)\.__init__\(\s*'([^']+)'")
_TAGS = re.compile(r"def tags\(self\) -> \S*Mapping\[str, ")


def tokens() -> list[str]:
    """Sorted. A file of an SDK holds one resource: its arguments first, then its state, then its class."""
    return sorted(token for package in PACKAGES for path in sources(package) if (token := _taggable(path.read_text())))


def sources(package: str) -> Iterator[Path]:
    """The SDK's files, a resource each."""
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield from Path(folder).glob("*/*.py")


def _taggable(source: str) -> str | None:
    token = TOKEN.search(source)
    arguments = source.split("@pulumi.input_type", 2)[1:2]
    return token[1] if token and arguments and _TAGS.search(arguments[0]) else None


if __name__ == "__main__":
    print("\n".join(tokens()))
