import json
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from predict_models import BATCHING, affine, gather, identity, script, version

from autoglm_serving.engine.base import RequestFailed
from autoglm_serving.errors import ModelError
from autoglm_serving.lifecycle.catalogue import Candidate
from autoglm_serving.lifecycle.version import Version
from autoglm_serving.model import manifest
from autoglm_serving.predict import codec
from autoglm_serving.predict.model import PredictLoader, PredictModel
from autoglm_serving.predict.tensors import DATATYPES, TensorError, TensorSpec

X = {"name": "x", "datatype": "FP32", "shape": [-1, 4]}
Y = {"name": "y", "datatype": "FP32", "shape": [-1, 4]}


def load(folder: Path, **changes) -> PredictModel:
    options = {
        "threads": 1,
        "device": "cpu",
        "allow_torchscript": True,
        "step_timeout": 60,
        "on_batch": lambda model, version, report: None,
    }
    candidate = Candidate(
        model=folder.parent.name, version=Version.parse(folder.name), location=str(folder), fingerprint=""
    )
    loader = PredictLoader(**(options | changes))
    assert loader.estimate(candidate) > 0
    return loader.load(candidate)


def answer(model: PredictModel, **inputs):
    try:
        return dict(model.worker.submit(inputs).result(timeout=60))
    finally:
        model.close()


def test_an_onnx_model_tells_its_own_tensors_and_answers(tmp_path: Path):
    model = load(affine(version(tmp_path, "affine", "1"), scale=3))
    assert (model.name, model.version, model.platform) == ("affine", "1", "onnx_onnxv1")
    assert model.inputs == (TensorSpec("x", "FP32", (-1, 4)),)
    assert model.outputs == (TensorSpec("y", "FP32", (-1, 2)),)
    assert answer(model, x=np.eye(4, dtype=np.float32))["y"].tolist() == [[3, 0], [0, 3], [3, 3], [0, -3]]


ONNX_KINDS = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "FP16": TensorProto.FLOAT16,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BYTES": TensorProto.STRING,
}


def test_every_datatype_goes_through_a_model_unchanged(tmp_path: Path):
    assert set(ONNX_KINDS) == set(DATATYPES)
    model = load(identity(version(tmp_path, "identity", "1"), ONNX_KINDS))
    assert [spec.datatype for spec in model.inputs] == list(ONNX_KINDS)
    given = {name: ["点", ""] if name == "BYTES" else [name == "BOOL" or 1, 0][:2] for name in ONNX_KINDS}
    given["BOOL"] = [True, False]
    inputs = {name: codec.from_values(name, name, [2], values) for name, values in given.items()}
    results = answer(model, **inputs)
    assert {name: codec.to_values(name, results[f"{name}_out"]) for name in given} == given


def test_bytes_that_a_models_strings_can_not_be_are_the_requests_fault(tmp_path: Path):
    model = load(identity(version(tmp_path, "text", "1"), {"t": TensorProto.STRING}))
    with pytest.raises(TensorError, match="tensor 't': it has bytes that are no UTF-8"):
        answer(model, t=np.array([b"\xff"], object))


def test_what_the_model_refuses_fails_the_request_with_the_models_reason(tmp_path: Path):
    model = load(gather(version(tmp_path, "gather", "1")))
    with pytest.raises(RequestFailed, match=r"the model failed: .*indices element out of data bounds, idx=7"):
        answer(model, index=np.array([7]))


@pytest.mark.parametrize(
    ("body", "outputs", "expected"),
    [
        ("return x * 2", [Y], {"y": 2.0}),
        ("return (x + 1, x - 1)", [Y, Y | {"name": "z"}], {"y": 2.0, "z": 0.0}),
        ("return {'z': x, 'y': x * 5}", [Y], {"y": 5.0}),
    ],
)
def test_a_torchscript_model_gives_a_tensor_a_tuple_or_a_dict(tmp_path: Path, body: str, outputs: list, expected: dict):
    model = load(script(version(tmp_path, "script", "1", inputs=[X], outputs=outputs), body))
    assert model.platform == "pytorch_torchscript"
    results = answer(model, x=np.frombuffer(np.ones((1, 4), np.float32).tobytes(), np.float32).reshape(1, 4))
    assert {name: float(results[name][0, 0]) for name in expected} == expected


def test_torchscript_is_refused_unless_it_is_allowed(tmp_path: Path):
    folder = script(version(tmp_path, "script", "1", inputs=[X], outputs=[Y]), "return x")
    with pytest.raises(ModelError, match=r"a program and not only weights: .* --allow-torchscript true"):
        load(folder, allow_torchscript=False)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, "inputs: missing: TorchScript does not know its tensors"),
        ({"inputs": [X]}, "outputs: missing"),
        ({"inputs": [X, X | {"name": "x2"}], "outputs": [Y]}, r"settings name 2 inputs, the module takes 1 \(x\)"),
        ({"inputs": [X | {"datatype": "BYTES"}], "outputs": [Y]}, "input 'x' is BYTES, and TorchScript has no such"),
        ({"inputs": [X], "outputs": [Y | {"datatype": "INT64"}]}, "request of zeros: .*'y': datatype 'FP32' given"),
        ({"inputs": [X], "outputs": [Y | {"shape": [-1, 5]}]}, "request of zeros: .*dimension 1 must be 5"),
        ({"inputs": [X], "outputs": [Y, Y | {"name": "z"}]}, "1 tensors given, the settings name 2 outputs"),
    ],
)
def test_settings_that_do_not_fit_the_module_are_refused(tmp_path: Path, settings: dict, fault: str):
    with pytest.raises(ModelError, match=fault):
        load(script(version(tmp_path, "script", "1", **settings), "return x"))


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"instances": 0}, "instances: 0 is not allowed: .*greater than or equal to 1"),
        ({"instances": 1, "batching": {}}, "batching: {} is not allowed: Extra inputs"),
        ({"dynamic_batching": {"max_batch_size": 1}}, "dynamic_batching.max_batch_size: 1 is not allowed"),
        ({"dynamic_batching": {"max_batch_size": 4, "scale_factor": 0.5}}, "dynamic_batching.scale_factor: 0.5"),
        ({"dynamic_batching": {"max_batch_size": 4, "max_latency_ms": -1}}, "dynamic_batching.max_latency_ms: -1"),
        ({"inputs": [X | {"datatype": "FLOAT"}]}, 'inputs.0.datatype: "FLOAT" is not allowed: .*use one of BOOL'),
        ({"inputs": [X | {"shape": [-2]}]}, "inputs.0.shape: .*-1 where any size is allowed"),
        ({"outputs": [Y, Y]}, "Value error, outputs: a name stands twice"),
        ({"inputs": [X]}, "inputs, outputs: an ONNX model has its own; remove them here"),
    ],
)
def test_settings_name_the_field_the_value_and_the_reason(tmp_path: Path, settings: dict, fault: str):
    with pytest.raises(ModelError, match=rf"model-settings\.json: {fault}"):
        load(affine(version(tmp_path, "affine", "1", **settings)))


def test_batching_needs_a_first_dimension_that_counts_rows(tmp_path: Path):
    with pytest.raises(ModelError, match=r"tensor 'x' is FP32\[1, 4\]: its first dimension must be -1"):
        load(affine(version(tmp_path, "affine", "1", **BATCHING), rows=1))


def test_a_damaged_file_is_refused(tmp_path: Path):
    folder = affine(version(tmp_path, "affine", "1"))
    content = bytearray((folder / "model.onnx").read_bytes())
    content[-20] ^= 1
    (folder / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx is damaged or was changed"):
        load(folder)


@pytest.mark.parametrize("name", ["model.onnx", "model.pt"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, name: str):
    folder = version(tmp_path, "broken", "1", **({"inputs": [X], "outputs": [Y]} if name == "model.pt" else {}))
    (folder / name).write_bytes(b"not a model")
    manifest.write(folder)
    with pytest.raises(ModelError, match=f"{name} can't be loaded as"):
        load(folder)


def test_a_pickle_is_no_torchscript(tmp_path: Path):
    import torch

    folder = version(tmp_path, "pickle", "1", inputs=[X], outputs=[Y])
    torch.save({"weights": torch.zeros(2)}, folder / "model.pt")
    manifest.write(folder)
    with pytest.raises(ModelError, match=r"model\.pt can't be loaded as TorchScript"):
        load(folder)


def test_a_folder_with_both_kinds_or_none_is_refused(tmp_path: Path):
    folder = version(tmp_path, "none", "1")
    (folder / "readme").write_text("x")
    manifest.write(folder)
    with pytest.raises(ModelError, match=r"has neither of model\.onnx and model\.pt"):
        load(folder)
    (folder / "model.onnx").write_bytes(b"x")
    (folder / "model.pt").write_bytes(b"x")
    manifest.write(folder)
    with pytest.raises(ModelError, match=r"has both of"):
        load(folder)


def test_warming_up_can_be_left_out(tmp_path: Path):
    settings = {"inputs": [X], "outputs": [Y]}
    failing = "assert bool(x.sum() > 0)\n    return x"
    with pytest.raises(ModelError, match=r"zeros: the model failed: .*AssertionError.*; .* set \"warmup\": false"):
        load(script(version(tmp_path, "picky", "1", **settings), failing))
    model = load(script(version(tmp_path, "picky", "2", **settings, warmup=False), failing))
    assert answer(model, x=np.ones((1, 4), np.float32))["y"].shape == (1, 4)


def test_the_settings_of_the_docs_are_valid(tmp_path: Path):
    text = (Path(__file__).parent.parent / "docs" / "predict.md").read_text()
    settings = json.loads(text.split("```json")[1].split("```")[0])
    model = load(script(version(tmp_path, "docs", "1", **settings), "return x.sum([1, 2, 3]).unsqueeze(1)", "x"))
    assert model.worker.alive()
    model.close()
