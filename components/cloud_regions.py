"""Regions of the three clouds: on which side of the Chinese border, and their zones. One table. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CloudRegion:
    """`mainland`: in mainland China, with accounts, registries and image sources of its own. `zones`: those that the
    cloud sells to anyone; an account may see fewer."""

    mainland: bool
    zones: tuple[str, ...]


def _zones(region: str, letters: str, *, mainland: bool = False, dash: str = "") -> CloudRegion:
    return CloudRegion(mainland=mainland, zones=tuple(f"{region}{dash}{letter}" for letter in letters))


_AWS = {
    "us-east-1": _zones("us-east-1", "abcdef"),
    "us-east-2": _zones("us-east-2", "abc"),
    "us-west-2": _zones("us-west-2", "abcd"),
    "eu-west-1": _zones("eu-west-1", "abc"),
    "eu-central-1": _zones("eu-central-1", "abc"),
    "ap-northeast-1": _zones("ap-northeast-1", "acd"),
    "ap-southeast-1": _zones("ap-southeast-1", "abc"),
    "cn-north-1": _zones("cn-north-1", "abd", mainland=True),
    "cn-northwest-1": _zones("cn-northwest-1", "abc", mainland=True),
}
_ALICLOUD = {
    "cn-hangzhou": _zones("cn-hangzhou", "bfghijk", mainland=True, dash="-"),
    "cn-shanghai": _zones("cn-shanghai", "abefglmn", mainland=True, dash="-"),
    "cn-beijing": _zones("cn-beijing", "fghijkl", mainland=True, dash="-"),
    "cn-shenzhen": _zones("cn-shenzhen", "acdef", mainland=True, dash="-"),
    "cn-wulanchabu": _zones("cn-wulanchabu", "abc", mainland=True, dash="-"),
    "cn-hongkong": _zones("cn-hongkong", "bcd", dash="-"),
    "ap-southeast-1": _zones("ap-southeast-1", "abc"),
    "ap-northeast-1": _zones("ap-northeast-1", "abc"),
    "eu-central-1": _zones("eu-central-1", "abc"),
    "us-west-1": _zones("us-west-1", "ab"),
    "us-east-1": _zones("us-east-1", "ab"),
}
_TENCENTCLOUD = {
    "ap-guangzhou": _zones("ap-guangzhou", "34567", mainland=True, dash="-"),
    "ap-shanghai": _zones("ap-shanghai", "23458", mainland=True, dash="-"),
    "ap-beijing": _zones("ap-beijing", "34567", mainland=True, dash="-"),
    "ap-nanjing": _zones("ap-nanjing", "123", mainland=True, dash="-"),
    "ap-chongqing": _zones("ap-chongqing", "1", mainland=True, dash="-"),
    "ap-hongkong": _zones("ap-hongkong", "23", dash="-"),
    "ap-singapore": _zones("ap-singapore", "1234", dash="-"),
    "ap-tokyo": _zones("ap-tokyo", "12", dash="-"),
    "na-ashburn": _zones("na-ashburn", "12", dash="-"),
    "na-siliconvalley": _zones("na-siliconvalley", "12", dash="-"),
    "eu-frankfurt": _zones("eu-frankfurt", "12", dash="-"),
}
_TABLE = {"aws": _AWS, "alicloud": _ALICLOUD, "tencentcloud": _TENCENTCLOUD}


def find(provider: str, region: str) -> CloudRegion | None:
    return _TABLE.get(provider, {}).get(region)


def names(provider: str) -> tuple[str, ...]:
    return tuple(_TABLE.get(provider, {}))
