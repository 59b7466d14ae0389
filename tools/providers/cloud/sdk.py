"""Finds a token's classes in an SDK, importing only the files that hold them.

`import pulumi_aws.ec2` runs a hundred modules; one resource needs its own, and those of the nested types beside it.
"""

import importlib
import re
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tools.providers.cloud.packages import Package

_importing = threading.Lock()
_alone = False


def alone() -> None:
    """Says that nothing else in this process uses the SDKs: from here on only the files that are asked for load."""
    global _alone
    _alone = True


@dataclass(frozen=True)
class Found:
    """A resource's or function's Python side: `inputs` is the Args class or the function, `outputs` the class given."""

    inputs: type | Callable[..., Any]
    outputs: type
    source: str


def resource(package: Package, token: str) -> Found | None:
    """The classes of a resource token, or of the provider itself (`pulumi:providers:<package>`)."""
    if token.startswith("pulumi:providers:"):
        module = _load(package, package.folder / "provider.py")
        return Found(module.ProviderArgs, module.Provider, "")
    path = _file(package, token)
    if path is None:
        return None
    source = path.read_text()
    name = token.rpartition(":")[2]
    if f"class {name}(pulumi.CustomResource)" not in source:
        return None
    module = _load(package, path)
    # A nested type of the same name takes `…Args` away from the resource: s3.BucketVersioning is one.
    inputs = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    return Found(inputs, getattr(module, name), source)


def function(package: Package, token: str) -> Found | None:
    """The Python function of a function token, and the class of its result."""
    path = _file(package, token)
    if path is None:
        return None
    source = path.read_text()
    called = re.search(rf"invoke\('{re.escape(token)}', __args__, opts=opts, typ=(\w+)\)", source)
    defined = re.search(r"^def (\w+)\(.*?\) -> Awaitable", source, re.MULTILINE | re.DOTALL)
    if called is None or defined is None:
        return None
    module = _load(package, path)
    return Found(getattr(module, defined[1]), getattr(module, called[1]), source)


def _file(package: Package, token: str) -> Path | None:
    """The file that names the token. The folder is the token's module in lower case, `_` after Python's keywords."""
    area = token.split(":")[1].partition("/")[0].lower()
    folders = [package.folder] if area == "index" else [package.folder / area, package.folder / f"{area}_"]
    leaf = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", token.split("/")[-1].partition(":")[0]).lower()
    for folder in folders:
        likely = folder / f"{leaf}.py"
        others = (path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_"))
        for path in (likely, *others):
            if path.exists() and f"'{token}'" in path.read_text():
                return path
    return None


class _Thin(ModuleType):
    """An SDK's package without its resources: types of other packages that a hint names are found when it is read."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.__path__ = [str(folder)]

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401  a module's attribute
        for part in ("_inputs", "_enums", "outputs"):
            if not attribute.startswith("__") and (Path(self.__path__[0]) / f"{part}.py").exists():
                module = importlib.import_module(f"{self.__name__}.{part}")
                if attribute in vars(module):
                    return vars(module)[attribute]
        raise AttributeError(f"{self.__name__} has no {attribute}")


def _load(package: Package, path: Path) -> ModuleType:
    relative = path.relative_to(package.folder.parent).with_suffix("")
    with _importing, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDKs' own modules warn of their own deprecations
        _whole_pulumi()
        folder = package.folder.parent
        if not _alone:
            return importlib.import_module(".".join(relative.parts))
        for part in relative.parts[:-1]:
            folder /= part
            name = ".".join(folder.relative_to(package.folder.parent).parts)
            if name not in sys.modules:
                sys.modules[name] = _Thin(name, folder)
        return importlib.import_module(".".join(relative.parts))


def _whole_pulumi() -> None:
    """Until here the process had only Pulumi's protocol modules, under empty parents (tools/providers/protos.py)."""
    if hasattr(sys.modules.get("pulumi"), "input_type"):
        return
    for name in ("pulumi", "pulumi.runtime"):
        sys.modules.pop(name, None)
    importlib.import_module("pulumi")
