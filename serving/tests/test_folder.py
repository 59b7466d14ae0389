import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from autoglm_serving.cli import main
from autoglm_serving.errors import ModelError
from autoglm_serving.model import folder, manifest


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def refused(model: Path) -> str:
    with pytest.raises(ModelError) as caught:
        folder.check(model)
    return str(caught.value)


def resign(model: Path) -> None:
    (model / manifest.NAME).unlink()
    manifest.write(model)


def test_a_good_folder_passes(model: Path):
    report = folder.check(model)
    assert report.files == 8
    assert report.bytes == sum(path.stat().st_size for path in model.iterdir() if path.name != manifest.NAME)


def test_one_flipped_bit_is_found(model: Path, capsys: pytest.CaptureFixture[str]):
    weights = model / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    assert "model.safetensors is damaged or was changed" in refused(model)
    assert main(["verify", str(model)]) == 1
    assert "model.safetensors is damaged" in capsys.readouterr().err


def test_a_truncated_file_is_found(model: Path):
    os.truncate(model / "model.safetensors", 1000)
    assert "model.safetensors is damaged or was changed: its 1000 bytes" in refused(model)


def test_a_missing_file_is_found(model: Path):
    (model / "tokenizer.json").unlink()
    assert "tokenizer.json is missing, but SHA256SUMS lists it" in refused(model)


def test_a_file_that_is_not_listed_is_found(model: Path):
    (model / "extra.safetensors").write_bytes(b"x")
    assert "extra.safetensors is not listed" in refused(model)


def test_hidden_files_and_lost_and_found_are_not_part_of_the_model(model: Path):
    (model / ".cache").mkdir()
    (model / ".cache" / "note").write_text("x")
    (model / ".gitattributes").write_text("x")
    (model / "lost+found").mkdir()
    folder.check(model)


@pytest.mark.parametrize("name", ["it's", "with space"])
def test_without_a_manifest_the_message_has_the_command_that_makes_it(model: Path, tmp_path: Path, name: str):
    model = model.rename(tmp_path / name)
    (model / manifest.NAME).unlink()
    (model / "sub").mkdir()
    (model / "sub" / "a file").write_text("x")
    (model / ".hidden").write_text("x")
    command = refused(model).splitlines()[-1]
    subprocess.run(command, shell=True, check=True)  # noqa: S602  the very line that a user would paste
    assert folder.check(model).files == 9
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", manifest.NAME], cwd=model, check=True)


def test_sha256sum_agrees_with_our_manifest(model: Path):
    subprocess.run(["sha256sum", "--check", "--quiet", "--strict", manifest.NAME], cwd=model, check=True)


@pytest.mark.parametrize("name", ["../model.safetensors", "/etc/passwd", "sub/../../x"])
def test_a_manifest_can_not_lead_out_of_the_folder(model: Path, name: str):
    with (model / manifest.NAME).open("a") as file:
        file.write(f"{'0' * 64}  {name}\n")
    assert "leads out of the model's folder" in refused(model)


def test_a_link_out_of_the_folder_is_refused(model: Path, tmp_path: Path):
    weights = model / "model.safetensors"
    weights.rename(tmp_path / "elsewhere")
    weights.symlink_to(tmp_path / "elsewhere")
    assert "is a link out of the model's folder" in refused(model)


@pytest.mark.parametrize("line", ["nonsense", "123  config.json", "\x00"])
def test_a_malformed_manifest_is_refused_with_the_line(model: Path, line: str):
    (model / manifest.NAME).write_text(line + "\n")
    assert "SHA256SUMS, line 1" in refused(model)


def test_an_empty_or_binary_manifest_is_refused(model: Path):
    (model / manifest.NAME).write_text("")
    assert "lists no file" in refused(model)
    (model / manifest.NAME).write_bytes(b"\xff\xfe")
    assert "can't be read" in refused(model)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pt", "optimizer.pkl"])
def test_pickles_are_refused_though_they_are_listed(model: Path, name: str):
    (model / name).write_bytes(b"x")
    resign(model)
    assert f"{name} may be a pickle" in refused(model)


def test_a_folder_without_weights_is_refused(model: Path):
    (model / "model.safetensors").unlink()
    resign(model)
    assert "has no weights" in refused(model)


@pytest.mark.parametrize("part", ["../../etc/x.safetensors", "/x.safetensors", "x.bin", 7])
def test_an_index_can_not_lead_out_of_the_folder(model: Path, part: object):
    (model / folder.INDEX).write_text(json.dumps({"weight_map": {"a": part}}))
    resign(model)
    assert "is no safetensors file of this folder" in refused(model)


def test_a_missing_shard_is_named(model: Path):
    (model / folder.INDEX).write_text(json.dumps({"weight_map": {"a": "model-00002-of-00002.safetensors"}}))
    resign(model)
    assert "model-00002-of-00002.safetensors is missing" in refused(model)


@pytest.mark.parametrize("content", ['{"model_type": "llama"}', "{}", "[]", "{", "[" * 100_000])
def test_another_architecture_or_a_broken_config_is_refused(model: Path, content: str):
    (model / "config.json").write_text(content)
    resign(model)
    assert "config.json" in refused(model)


def test_what_is_no_folder_is_refused(tmp_path: Path):
    assert "does not exist" in refused(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    assert "is not a folder" in refused(tmp_path / "file")
