"""Small ONNX and TorchScript models, in folders as the lifecycle finds them."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from autoglm_serving.model import manifest

WEIGHT = np.array([[1, 0], [0, 1], [1, 1], [0, -1]], np.float32)
BATCHING = {"dynamic_batching": {"max_batch_size": 8, "max_latency_ms": 5, "scale_factor": 2}}

OPSET = 21
IR_VERSION = 10


def version(repository: Path, model: str, version: str, **settings: Any) -> Path:
    """An empty folder of a version, with its settings if there are any."""
    folder = repository / model / version
    folder.mkdir(parents=True)
    if settings:
        (folder / "model-settings.json").write_text(json.dumps(settings))
    return folder


def affine(folder: Path, *, scale: float = 1, rows: int | str = "rows") -> Path:
    """ONNX: `y = scale * x @ WEIGHT`, FP32, 4 columns to 2."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "affine",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, 2])],
        [numpy_helper.from_array(WEIGHT * np.float32(scale), "w")],
    )
    return _save(folder, graph)


def identity(folder: Path, kinds: dict[str, int]) -> Path:
    """ONNX: each input, of `[n]` of its type, comes out as `<name>_out`."""
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in kinds],
        "identity",
        [helper.make_tensor_value_info(name, kind, ["n"]) for name, kind in kinds.items()],
        [helper.make_tensor_value_info(f"{name}_out", kind, ["n"]) for name, kind in kinds.items()],
    )
    return _save(folder, graph)


def gather(folder: Path) -> Path:
    """ONNX: `value = [10, 20, 30][index]`; any other index is an error of the model."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "index"], ["value"])],
        "gather",
        [helper.make_tensor_value_info("index", TensorProto.INT64, ["rows"])],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, ["rows"])],
        [numpy_helper.from_array(np.array([10, 20, 30], np.float32), "table")],
    )
    return _save(folder, graph)


def script(folder: Path, forward: str, arguments: str = "x") -> Path:
    """TorchScript of a module with this body of `forward`."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        # A class of its own: torch keeps one `forward` a class.
        module = type("Scripted", (torch.jit.ScriptModule,), {})()
        module.define(f"def forward(self, {arguments}):\n    {forward}\n")
        torch.jit.save(module, str(folder / "model.pt"))
    manifest.write(folder)
    return folder


def _save(folder: Path, graph: onnx.GraphProto) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / "model.onnx"))
    manifest.write(folder)
    return folder
