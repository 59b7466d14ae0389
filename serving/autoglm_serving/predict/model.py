"""One version of a model in memory, and its way from a verified folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autoglm_serving.errors import ModelError
from autoglm_serving.lifecycle.catalogue import Candidate
from autoglm_serving.model import manifest
from autoglm_serving.predict import model_settings
from autoglm_serving.predict.execute import execute
from autoglm_serving.predict.model_settings import ModelSettings
from autoglm_serving.predict.runtime import Runtime
from autoglm_serving.predict.tensors import ANY, DATATYPES, Array, TensorSpec
from autoglm_serving.predict.worker import BatchReport, Worker

ONNX = "model.onnx"
TORCHSCRIPT = "model.pt"
MEMORY_FACTOR = 1.3
"""Memory of a loaded model by its files: weights as they are, plus what the runtime keeps beside them (estimate)."""


@dataclass(frozen=True, kw_only=True)
class PredictModel:
    """What a lease gives; `Loaded` of the lifecycle."""

    name: str
    version: str
    platform: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    worker: Worker

    def alive(self) -> bool:
        return self.worker.alive()

    def fault(self) -> str:
        return self.worker.fault()

    def close(self) -> None:
        self.worker.stop()


@dataclass(frozen=True, kw_only=True)
class PredictLoader:
    """`Loader` of the lifecycle: folders with `model.onnx` or `model.pt`."""

    threads: int
    """Of one batch."""
    device: str
    """Where TorchScript runs: `cpu` or `cuda`."""
    allow_torchscript: bool
    step_timeout: float
    on_batch: Callable[[str, str, BatchReport], None]
    """Called with the model's name and version."""

    def estimate(self, candidate: Candidate) -> int:
        folder = Path(candidate.location)
        return int(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) * MEMORY_FACTOR)

    def load(self, candidate: Candidate) -> PredictModel:
        folder = Path(candidate.location)
        manifest.verify(folder)
        settings = model_settings.read(folder)
        runtime = self._runtime(folder, settings)
        try:
            if settings.dynamic_batching:
                _check_batched(folder, runtime)
            if settings.warmup:
                _warm_up(folder, runtime)
        except ModelError:
            runtime.close()
            raise
        name, version = candidate.model, str(candidate.version)
        worker = Worker(
            runtime,
            settings.policy(),
            instances=settings.instances,
            step_timeout=self.step_timeout,
            on_batch=lambda report: self.on_batch(name, version, report),
        )
        return PredictModel(
            name=name,
            version=version,
            platform=runtime.platform,
            inputs=runtime.inputs,
            outputs=runtime.outputs,
            worker=worker,
        )

    def _runtime(self, folder: Path, settings: ModelSettings) -> Runtime:
        present = [name for name in (ONNX, TORCHSCRIPT) if (folder / name).is_file()]
        if len(present) != 1:
            what = "both" if present else "neither"
            raise ModelError(f"{folder} has {what} of {ONNX} and {TORCHSCRIPT}: a version has one of them")
        if present == [ONNX]:
            return self._onnx(folder, settings)
        return self._torchscript(folder, settings)

    def _onnx(self, folder: Path, settings: ModelSettings) -> Runtime:
        from autoglm_serving.predict.onnx import OnnxRuntime

        if settings.inputs or settings.outputs:
            raise ModelError(
                f"{folder / model_settings.NAME}: inputs, outputs: an ONNX model has its own; remove them here"
            )
        return OnnxRuntime(folder / ONNX, threads=self.threads)

    def _torchscript(self, folder: Path, settings: ModelSettings) -> Runtime:
        path = folder / TORCHSCRIPT
        if not self.allow_torchscript:
            raise ModelError(
                f"{path} is TorchScript, a program and not only weights: export it to ONNX,"
                " or start the server with --allow-torchscript true if you trust who made it"
            )
        for field, given in (("inputs", settings.inputs), ("outputs", settings.outputs)):
            if not given:
                raise ModelError(
                    f"{folder / model_settings.NAME}: {field}: missing: TorchScript does not know its tensors;"
                    ' give a list of {"name": …, "datatype": …, "shape": […]}'
                )
        from autoglm_serving.predict.torchscript import TorchScriptRuntime

        inputs = [tensor.spec() for tensor in settings.inputs]
        outputs = [tensor.spec() for tensor in settings.outputs]
        return TorchScriptRuntime(path, inputs=inputs, outputs=outputs, device=self.device)


def _check_batched(folder: Path, runtime: Runtime) -> None:
    for spec in (*runtime.inputs, *runtime.outputs):
        if not spec.is_batched:
            raise ModelError(
                f"{folder}: dynamic_batching is set, but tensor {spec.name!r} is {spec}: its first dimension must be"
                f" {ANY}; export the model so, or remove dynamic_batching from {model_settings.NAME}"
            )


def _warm_up(folder: Path, runtime: Runtime) -> None:
    """Run the model once on zeros where its shapes say enough: a version that can't answer must not become active."""
    if any(ANY in spec.shape[1:] for spec in runtime.inputs):
        return
    (result,) = execute(runtime, [{spec.name: _zeros(spec) for spec in runtime.inputs}], [1])
    if isinstance(result, Exception):
        raise ModelError(
            f"{folder}: the model can't answer a request of zeros: {result};"
            f' if zeros are no input of it, set "warmup": false in {model_settings.NAME}'
        )


def _zeros(spec: TensorSpec) -> Array:
    """One row where rows are counted; empty strings for BYTES."""
    return np.full([abs(size) for size in spec.shape], b"" if spec.datatype == "BYTES" else 0, DATATYPES[spec.datatype])
