import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.images import stub
from tools.images.wheels import CUDA_EXCLUDES, LOCK, PRUNED, STUBS, add_stubs, prune, require_space
from tools.process import ToolError


def test_pruning_takes_what_the_table_names_and_leaves_what_the_loader_needs(tmp_path):
    gone = ["nvidia/cudnn/lib/libcudnn_adv.so.9", "torch/include/torch/all.h", "bin/uvicorn", "torch/bin/protoc-3"]
    kept = ["nvidia/cudnn/lib/libcudnn.so.9", "torch/lib/libtorch_cpu.so", "torch/bin/torch_shm_manager"]
    for name in gone + kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    prune(tmp_path)
    assert [name for name in gone + kept if (tmp_path / name).exists()] == kept


def test_everything_left_out_says_why():
    assert all({**PRUNED, **CUDA_EXCLUDES, **STUBS}.values())
    assert not any(Path(pattern).is_absolute() for pattern in PRUNED)


def test_every_package_left_out_is_in_the_lock():
    assert [name for name in CUDA_EXCLUDES if f"\n{name}==" not in LOCK.read_text()] == []


def test_a_full_disk_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(ToolError, match=r"GiB free, .* needs 1000000 GiB .*"):
        require_space(tmp_path, 1_000_000)
    require_space(tmp_path, 0)


def test_the_loader_takes_a_stub_for_the_library_of_that_name(tmp_path):
    (tmp_path / "torch/lib").mkdir(parents=True)
    add_stubs(tmp_path)
    # In a process of its own, as a loaded library stays.
    load = f"import ctypes; [ctypes.CDLL(name) for name in {list(STUBS)}]"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path / "torch/lib")}
    subprocess.run([sys.executable, "-c", load], check=True, env=environment)
    assert "RTLD_LAZY" in (tmp_path / "sitecustomize.py").read_text()


def test_a_stub_has_no_function(tmp_path):
    (tmp_path / "libthing.so.1").write_bytes(stub.shared_library("libthing.so.1"))
    library = ctypes.CDLL(str(tmp_path / "libthing.so.1"))
    with pytest.raises(AttributeError, match="undefined symbol: thing"):
        library.thing  # noqa: B018 - the look-up is the test


def test_a_cut_stub_is_refused_by_the_loader(tmp_path):
    (tmp_path / "libthing.so.1").write_bytes(stub.shared_library("libthing.so.1")[:100])
    with pytest.raises(OSError):
        ctypes.CDLL(str(tmp_path / "libthing.so.1"))
