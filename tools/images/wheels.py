"""The Python dependencies of the serving image, for a CPU, from serving/requirements.lock by hash.

PyTorch's own index has a CPU build of 200 MB; PyPI has the CUDA build alone, which runs on a CPU as well. Where the
first cannot be reached, what only a GPU needs is left out of the second by the tables below, found by leaving out until
`PROOF` failed; the build runs that each time. Measured with torch 2.13.0: 3.8 GB without Triton become 1.5 GB.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.images import stub
from tools.images.layers import Layer, key_of, staging
from tools.images.nodes import Node, text, tree
from tools.images.rootfs import Rootfs
from tools.paths import BUILD, IMAGES, ROOT, VENV
from tools.process import ToolError, run

SERVING = ROOT / "serving"
LOCK = SERVING / "requirements.lock"
CPU_LOCK = SERVING / "torch-cpu.lock"
CPU_EXCLUDES = SERVING / "torch-cpu.excludes"
AT = "opt/autoglm/lib"
SBOM = "opt/autoglm/sbom.cdx.json"

PROBE_SECONDS = 10.0  # how long PyTorch's index may take to answer
INSTALL_SECONDS = 1800.0
FREE_GIB = 6  # wheels in uv's cache 1.7, installed 1.7 (hard links where cache and folder share a disk), archive 1.6

CUDA_EXCLUDES = {
    "triton": "compiles kernels for GPUs",
    "cuda-bindings": "CUDA from Python",
    "cuda-pathfinder": "finds CUDA libraries for it",
    "cuda-toolkit": "names the packages of the toolkit",
    "nvidia-cuda-nvrtc": "see STUBS",
    "nvidia-cublas": "see STUBS",
    "nvidia-cufft": "see STUBS",
    "nvidia-curand": "see STUBS",
    "nvidia-cusolver": "loaded when a GPU solves equations",
    "nvidia-cusparse": "see STUBS",
    "nvidia-cusparselt-cu13": "see STUBS",
    "nvidia-nccl-cu13": "see STUBS",
    "nvidia-nvjitlink": "needed by cuSPARSE",
    "nvidia-nvtx": "headers alone",
    "networkx": "imported by torch.compile's partitioner",
}
STUBS = {
    "libcublas.so.13": "linear algebra on a GPU",
    "libcublasLt.so.13": "linear algebra on a GPU",
    "libcufft.so.12": "Fourier transforms on a GPU",
    "libcurand.so.10": "random numbers on a GPU",
    "libcusparse.so.12": "sparse matrices on a GPU",
    "libcusparseLt.so.0": "sparse matrices on a GPU",
    "libnccl.so.2": "messages between GPUs",
    "libnvrtc.so.13": "compiles kernels for GPUs",
}
LAZY = "import os\nimport sys\n\nsys.setdlopenflags(os.RTLD_LAZY)\n"  # as sitecustomize.py: what stubs ask for
PRUNED = {
    "nvidia/cudnn/lib/libcudnn_*": "loaded by libcudnn when a GPU convolves",
    "nvidia/cu13/lib/libnvperf_*": "for the profiler on a GPU",
    "nvidia/cu13/lib/libpcsamplingutil*": "for the profiler on a GPU",
    "nvidia/cu13/lib/libcheckpoint*": "for the profiler on a GPU",
    "nvidia/cu13/lib/*.a": "to link programs with",
    "nvidia/nvshmem/lib/*.a": "to link programs with",
    "nvidia/nvshmem/lib/*.bc": "to compile kernels with",
    "nvidia/nvshmem/lib/nvshmem_*": "transports between GPUs",
    "nvidia/nvshmem/bin": "programs for GPUs",
    "nvidia/*/include": "to compile programs with",
    "torch/include": "to compile programs with",
    "torch/share": "to build programs with CMake",
    "torch/bin/protoc*": "a compiler of protocol buffers",
    "torch/lib/libtorch_cuda_linalg.so": "loaded when a GPU solves equations",
    "torch/testing/_internal/py312_intrinsics.py": "has the syntax of Python 3.12, so that 3.11 cannot compile it",
    "bin": "command-line programs, which name a Python of another place",
}
PROOF = """
import torch
assert (torch.ones(2, 2) @ torch.ones(2, 2)).sum() == 8
assert torch.nn.Conv3d(1, 1, 2)(torch.ones(1, 1, 2, 2, 2)).numel() == 1
import autoglm_serving.loading, autoglm_serving.server
import autoglm_serving.engine.build, autoglm_serving.model.prompts
import grpc, onnxruntime
"""


def dependencies_layer(rootfs: Rootfs) -> Layer:
    """Keyed by locks, tables and Python, not by where torch comes from: looking for that takes the network."""
    sources = (LOCK, CPU_LOCK, CPU_EXCLUDES, SERVING / "autoglm_serving/sbom.py", Path(__file__), Path(stub.__file__))
    inputs = [path.read_text() for path in sources]
    return Layer(key_of("dependencies", rootfs.python.name, inputs), lambda log: _installed(rootfs, log))


@contextmanager
def _installed(rootfs: Rootfs, log: Path) -> Iterator[Iterable[Node]]:
    require_space(IMAGES, FREE_GIB)
    with staging("serving-dependencies") as folder:
        if cpu_index_answers(rootfs, log):
            install(rootfs, folder, ["--torch-backend", "cpu", "-r", str(CPU_LOCK)], log)
            install(rootfs, folder, ["--excludes", str(CPU_EXCLUDES), "-r", str(LOCK)], log)
        else:
            excludes = BUILD / "torch-cuda.excludes"
            excludes.write_text("\n".join(CUDA_EXCLUDES))
            install(rootfs, folder, ["--excludes", str(excludes), "-r", str(LOCK)], log)
            add_stubs(folder)
        prune(folder)
        rootfs.compile(folder, f"/{AT}", log, workers=os.cpu_count() or 1)
        environment = {**rootfs.environment, "PYTHONPATH": f"{folder}:{SERVING}", "HF_HUB_OFFLINE": "1"}
        run([*rootfs.interpreter, "-c", PROOF], log=log, env=environment, timeout=INSTALL_SECONDS)
        roots = [str(rootfs.libc), str(rootfs.python)]
        listed = run([*rootfs.interpreter, "-m", "autoglm_serving", "sbom", *roots], log=log, env=environment)
        yield [*tree(folder, AT), text(SBOM, listed)]


def cpu_index_answers(rootfs: Rootfs, log: Path) -> bool:
    """Whether PyTorch's index offers the wheel that CPU_LOCK names, for this Python."""
    asked = ["--dry-run", "--torch-backend", "cpu", "-r", str(CPU_LOCK)]
    environment = {**os.environ, "UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": f"{PROBE_SECONDS:.0f}"}
    try:
        run(_command(rootfs, BUILD, asked), log=log, env=environment, timeout=PROBE_SECONDS)
    except ToolError:
        return False
    return True


def add_stubs(folder: Path) -> None:
    """Beside PyTorch's own libraries, where its loader looks too."""
    for soname in STUBS:
        (folder / "torch/lib" / soname).write_bytes(stub.shared_library(soname))
    (folder / "sitecustomize.py").write_text(LAZY)


def prune(folder: Path) -> None:
    for pattern in PRUNED:
        for path in folder.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def require_space(folder: Path, gib: int) -> None:
    """ToolError, before anything is written, unless so much is free where `folder` lies."""
    free = shutil.disk_usage(folder).free / 2**30
    if free < gib:
        raise ToolError(
            f"{folder}: {free:.1f} GiB free, the serving image needs {gib} GiB to be built; make room, or set "
            "TOOLS_DIR to a folder on a larger disk"
        )


def install(rootfs: Rootfs, folder: Path, what: list[str], log: Path) -> None:
    """Wheels for the image's Python into a folder, by hash."""
    run(_command(rootfs, folder, what), log=log, timeout=INSTALL_SECONDS)


def _command(rootfs: Rootfs, folder: Path, what: list[str]) -> list[str]:
    target = ["--target", str(folder), "--python", sys.executable, "--python-version", rootfs.version]
    # The oldest C library that all wheels run with (llguidance asks the most). Debian 12 and Ubuntu 22.04 are later.
    kind = ["--python-platform", f"{platform.machine()}-manylinux_2_31", "--only-binary", ":all:"]
    return [str(VENV / "bin/uv"), "pip", "install", *target, *kind, "--no-deps", "--require-hashes", *what]
