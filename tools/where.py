"""Which clouds a stack is on, told from the text of its file: standard library only, before any package is there."""

import re

from tools.paths import ROOT

STACKS = ROOT / "stacks"
CLOUDS = ("aws", "alicloud", "tencentcloud")
_PROVIDER = re.compile(r"^provider: *[\"']?([a-z]+)", re.MULTILINE)
_KUBECONFIG = re.compile(r"^ +kubeconfig: *[\"']?([^\s\"']+)", re.MULTILINE)
_MEMBERS = re.compile(r"^members:.*\n((?:(?: .*| *#.*)?\n)*)", re.MULTILINE)
_MEMBER = re.compile(r"^  ([a-z0-9-]+):", re.MULTILINE)


def clouds(stack: str) -> tuple[str, ...]:
    """None for a private region, and for a file that is missing or wrong: who reads it says so. A fleet is where its
    members are, and on AWS, whose health checks and records lead clients to them."""
    path = STACKS / f"{stack}.yaml"
    text = path.read_text() if path.is_file() else ""
    if not is_fleet(stack):
        return _cloud(text)
    block = _MEMBERS.search(text + "\n")
    members = _MEMBER.findall(block[1]) if block else []
    texts = [(STACKS / f"{name}.yaml").read_text() for name in members if (STACKS / f"{name}.yaml").is_file()]
    found = {cloud for member in texts for cloud in _cloud(member)} | {"aws"}
    return tuple(cloud for cloud in CLOUDS if cloud in found)


def names_a_cluster(stack: str) -> bool:
    """Whether a private region's file names a kubeconfig that is not the tools' own."""
    path = STACKS / f"{stack}.yaml"
    found = _KUBECONFIG.search(path.read_text()) if path.is_file() else None
    return found is not None and not found[1].startswith(".tools/")


def is_fleet(stack: str) -> bool:
    path = STACKS / f"{stack}.yaml"
    return path.is_file() and bool(re.search(r"^kind: *fleet\b", path.read_text(), re.MULTILINE))


def _cloud(text: str) -> tuple[str, ...]:
    found = _PROVIDER.search(text)
    return (found[1],) if found and found[1] in CLOUDS else ()
