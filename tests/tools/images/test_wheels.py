from pathlib import Path

import pytest

from tools.images.wheels import PRUNED, prune, require_space
from tools.process import ToolError


def test_pruning_takes_what_the_table_names_and_leaves_what_the_loader_needs(tmp_path):
    gone = ["nvidia/cudnn/lib/libcudnn_adv.so.9", "torch/include/torch/all.h", "bin/uvicorn", "torch/bin/protoc-3"]
    kept = ["nvidia/cudnn/lib/libcudnn.so.9", "torch/lib/libtorch_cpu.so", "torch/bin/torch_shm_manager"]
    for name in gone + kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    prune(tmp_path)
    assert [name for name in gone + kept if (tmp_path / name).exists()] == kept


def test_every_pruned_path_says_why():
    assert all(reason and not Path(pattern).is_absolute() for pattern, reason in PRUNED.items())


def test_a_full_disk_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(ToolError, match=r"GiB free, .* needs 1000000 GiB .* TOOLS_DIR"):
        require_space(tmp_path, 1_000_000)
    require_space(tmp_path, 0)
