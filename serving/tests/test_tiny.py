import subprocess
from pathlib import Path

import pytest
from harness import command, environment

from autoglm_serving.errors import ModelError
from autoglm_serving.model import folder, manifest
from autoglm_serving.model.tiny import make


def test_the_same_seed_gives_the_same_bytes_in_another_process(tiny_model: Path, tmp_path: Path):
    subprocess.run(command("tiny-model", tmp_path / "again"), env=environment(), check=True, capture_output=True)
    assert (tmp_path / "again" / manifest.NAME).read_bytes() == (tiny_model / manifest.NAME).read_bytes()


def test_another_seed_gives_other_weights_and_the_same_tokenizer(tiny_model: Path, tmp_path: Path):
    make(tmp_path / "other", seed=1)
    assert (tmp_path / "other" / "model.safetensors").read_bytes() != (tiny_model / "model.safetensors").read_bytes()
    assert (tmp_path / "other" / "tokenizer.json").read_bytes() == (tiny_model / "tokenizer.json").read_bytes()


def test_a_folder_that_is_there_is_verified_and_left_alone(tmp_path: Path):
    model = tmp_path / "model"
    model.mkdir()
    assert "made 8 files" in make(model, seed=0)
    made = (model / "model.safetensors").stat()
    assert "already there" in make(model, seed=5)
    assert (model / "model.safetensors").stat() == made
    (model / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        make(model, seed=0)


def test_what_a_killed_run_left_is_removed_and_every_user_can_read(tmp_path: Path):
    left = tmp_path / ".model.part-abc" / "model"
    left.mkdir(parents=True)
    (left / "config.json").write_text("half")
    make(tmp_path / "model", seed=0)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()} == {0o644}
    folder.check(tmp_path / "model")


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="can't be made: "):
        make(tmp_path / "file" / "model", seed=0)
