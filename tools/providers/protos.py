"""The SDK's generated protocol modules, without the SDK around them.

`import pulumi.runtime.proto` runs the whole SDK's `__init__`, which costs half a second at each start of a plugin.
Empty parent packages that only know where their files lie give the same generated modules in half the time.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _empty_package(name: str, folder: Path) -> None:
    module = ModuleType(name)
    module.__path__ = [str(folder)]
    sys.modules[name] = module


if "pulumi" not in sys.modules:
    _spec = importlib.util.find_spec("pulumi")
    if _spec is None or not _spec.submodule_search_locations:
        raise ImportError("the Python package `pulumi` is not installed in this environment")
    _root = Path(_spec.submodule_search_locations[0])
    _empty_package("pulumi", _root)
    _empty_package("pulumi.runtime", _root / "runtime")

from pulumi.runtime.proto import (  # noqa: E402
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
