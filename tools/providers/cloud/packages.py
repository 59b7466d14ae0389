"""The three packages: how Pulumi calls them, and how their SDKs are called in Python."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from tools import versions


@dataclass(frozen=True)
class Package:
    """`module`: the SDK's Python package; `region_variables`: where a region that is not configured is read from."""

    name: str
    version: str
    module: str
    region_variables: tuple[str, ...]

    @cached_property
    def folder(self) -> Path:
        """Where the SDK lies, found without importing it. Raises ModuleNotFoundError."""
        spec = importlib.util.find_spec(self.module)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"the SDK of {self.name}, Python package {self.module}, is not installed")
        return Path(spec.submodule_search_locations[0])


PACKAGES: Final[Mapping[str, Package]] = {
    package.name: package
    for package in (
        Package("aws", versions.PULUMI_AWS, "pulumi_aws", ("AWS_REGION", "AWS_DEFAULT_REGION")),
        Package("alicloud", versions.PULUMI_ALICLOUD, "pulumi_alicloud", ("ALICLOUD_REGION", "ALIBABA_CLOUD_REGION")),
        Package("tencentcloud", versions.PULUMI_TENCENTCLOUD, "tencentcloud_iac_pulumi", ("TENCENTCLOUD_REGION",)),
    )
}
