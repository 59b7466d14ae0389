"""vLLM's command line, from settings, model and card: without vLLM, and where it is installed by its own parser."""

import json
import subprocess
from pathlib import Path

import pytest

from autoglm_serving.errors import ModelError, SettingsError
from autoglm_serving.vllm import cards, install, nodes, shape
from autoglm_serving.vllm.environment import REFUSED, child_environment
from autoglm_serving.vllm.flags import GIB, Flag, command_line, flags, step_tokens
from autoglm_serving.vllm.shape import Shape
from autoglm_serving.vllm.table import AUTOGLM, by_card, common, settings
from bench import venvs


def values(found: list[Flag]) -> dict[str, str | None]:
    names = [flag.name for flag in found]
    assert len(names) == len(set(names)), "a flag twice"
    return {flag.name: flag.value for flag in found}


def on(card: str, shm_bytes: int = 8 * GIB, **changes: str) -> dict[str, str | None]:
    return values(flags(settings(**changes), AUTOGLM, cards.find(card), shm_bytes=shm_bytes))


def test_the_flags_of_the_clients_readme_are_there_but_for_the_one_that_opens_the_file_system():
    found = on("H100")
    assert found["served-model-name"] == "autoglm-phone-9b"
    assert (found["max-model-len"], found["chat-template-content-format"]) == ("25480", "string")
    assert (found["mm-encoder-tp-mode"], found["mm-processor-cache-type"]) == ("data", "shm")
    assert json.loads(found["mm-processor-kwargs"] or "") == {"max_pixels": 5_000_000}
    assert json.loads(found["limit-mm-per-prompt"] or "") == {"image": 10, "video": 0}
    assert "allowed-local-media-path" not in found
    assert (found["allowed-media-domains"] or "").endswith(".invalid")
    assert "trust-remote-code" not in found


def test_the_documents_tables_are_what_the_code_says():
    text = (Path(__file__).parents[1] / "docs" / "vllm.md").read_text()
    for table in (common(), by_card()):
        assert table in text, "python3 -m autoglm_serving.vllm.table prints them"


def test_every_flag_says_why():
    for card in cards.names():
        try:
            found = flags(settings(), AUTOGLM, cards.find(card), shm_bytes=0)
        except SettingsError:
            continue
        assert all(len(flag.reason) > 3 for flag in found)


@pytest.mark.parametrize(
    ("card", "dtype", "quantization"),
    [
        ("L4", "bfloat16", "fp8_per_tensor"),
        ("A10G", "bfloat16", "fp8_per_tensor"),
        ("A30", "bfloat16", "fp8_per_tensor"),
        ("L40S", "bfloat16", None),
        ("A100-40", "bfloat16", None),
        ("H20", "bfloat16", None),
        ("V100-32", "float16", None),
        ("T4", "float16", "fp8_per_tensor"),
    ],
)
def test_weights_are_packed_only_where_they_would_not_fit(card: str, dtype: str, quantization: str | None):
    found = on(card)
    assert (found["dtype"], found.get("quantization")) == (dtype, quantization)


def test_a_card_that_is_too_small_is_refused_with_what_would_do():
    with pytest.raises(SettingsError) as caught:
        on("L4", weight_quantization="none")
    assert "L4" in str(caught.value)
    assert "use 2 or --weight-quantization fp8_per_tensor" in str(caught.value)
    assert on("L4", weight_quantization="none", tensor_parallel_size="2")["tensor-parallel-size"] == "2"
    with pytest.raises(SettingsError, match="lack"):
        on("V100-16")


def test_a_folder_that_is_packed_already_needs_no_flag():
    packed = Shape(**(AUTOGLM.__dict__ | {"packed": "fp8", "weights_bytes": 10_900_000_000}))
    found = values(flags(settings(), packed, cards.find("L4"), shm_bytes=8 * GIB))
    assert "quantization" not in found


def test_bfloat16_on_a_card_without_it_is_refused():
    with pytest.raises(SettingsError, match="--dtype: 'bfloat16' is not possible on T4"):
        on("T4", dtype="bfloat16")


def test_a_container_with_little_shared_memory_gets_the_other_cache():
    assert on("L40S", shm_bytes=64 * 2**20)["mm-processor-cache-type"] == "lru"


def test_steps_grow_with_the_card_and_stay_within_vllms_own():
    sizes = [step_tokens(AUTOGLM, cards.find(name), 1) for name in ("L4", "L40S", "H100", "B200")]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (2048, 8192)
    assert on("L4", max_num_batched_tokens="512")["max-num-batched-tokens"] == "512"


def test_a_text_model_gets_no_flags_of_images(tmp_path: Path):
    text = Shape(**(AUTOGLM.__dict__ | {"vision": False}))
    assert not [name for name in values(flags(settings(), text, cards.find("H100"), shm_bytes=0)) if "mm-" in name]


def test_a_context_longer_than_the_models_is_refused():
    with pytest.raises(SettingsError, match="--max-model-len: 70000 is more than the 65536"):
        on("H100", max_model_len="70000")


@pytest.mark.parametrize("variable", REFUSED)
def test_no_insecure_switch_reaches_vllm(variable: str):
    with pytest.raises(SettingsError, match=f"{variable}: '1' is not allowed: .*; unset it"):
        child_environment(settings(), {variable: "1"}, 75)
    assert variable in child_environment(settings(), {variable: "0"}, 75)


def test_vllms_process_gets_no_library_of_ours_and_bounds_of_its_own():
    environment = child_environment(settings(), {"PYTHONPATH": "/opt/autoglm/lib", "AUTOGLM_SERVE_PORT": "1"}, 75)
    assert "/opt/autoglm/lib" not in environment["PYTHONPATH"]
    assert "AUTOGLM_SERVE_PORT" not in environment
    assert environment["VLLM_MEDIA_URL_ALLOW_REDIRECTS"] == "0"
    assert environment["VLLM_MAX_IMAGE_PIXELS"] == str(settings().max_image_pixels)


def test_a_leader_worker_set_says_which_node_this_is():
    lws = {"LWS_LEADER_ADDRESS": "vllm-0.vllm", "LWS_GROUP_SIZE": "2", "LWS_WORKER_INDEX": "1"}
    two = settings(tensor_parallel_size="8", pipeline_parallel_size="2")
    node = nodes.this_node(two, lws)
    assert (node.count, node.rank, node.leader) == (2, 1, "vllm-0.vllm")
    found = values(nodes.flags(two, node))
    assert (found["nnodes"], found["node-rank"], found["master-addr"]) == ("2", "1", "vllm-0.vllm")
    assert "headless" in found
    assert "headless" not in values(nodes.flags(two, nodes.this_node(two, lws | {"LWS_WORKER_INDEX": "0"})))
    ray = settings(tensor_parallel_size="8", pipeline_parallel_size="2", distributed_executor_backend="ray")
    assert values(nodes.flags(ray, node)) == {"distributed-executor-backend": "ray"}
    assert nodes.ray_command(node, "python")[-2:] == ["--address=vllm-0.vllm:6379", "--block"]
    assert nodes.flags(two, nodes.this_node(two, {})) == []


def test_nodes_that_can_not_be_are_refused():
    with pytest.raises(SettingsError, match="--node-rank: 2 is not allowed"):
        nodes.this_node(settings(nnodes="2", node_rank="2", master_addr="a"), {})
    with pytest.raises(SettingsError, match="--master-addr is missing"):
        nodes.this_node(settings(nnodes="2", tensor_parallel_size="2"), {})
    with pytest.raises(SettingsError, match="3 GPUs can't be spread evenly over 2 nodes"):
        nodes.this_node(settings(nnodes="2", tensor_parallel_size="3", master_addr="a"), {})
    with pytest.raises(SettingsError, match="LWS_GROUP_SIZE: 'two'"):
        nodes.this_node(settings(), {"LWS_GROUP_SIZE": "two"})


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("NVIDIA L40S, 46068, 8.9", "L40S"),
        ("NVIDIA A100-SXM4-80GB, 81920, 8.0", "A100-80"),
        ("NVIDIA A100-PCIE-40GB, 40960, 8.0", "A100-40"),
        ("Tesla V100-SXM2-16GB, 16384, 7.0", "V100-16"),
        ("NVIDIA H100 80GB HBM3, 81559, 9.0", "H100"),
        ("NVIDIA A10G, 23028, 8.6", "A10G"),
        ("NVIDIA GeForce RTX 4090, 24564, 8.9", "GeForce-RTX-4090"),
    ],
)
def test_cards_are_known_by_what_nvidia_smi_says(line: str, name: str):
    assert cards.parse(line).name == name


def test_a_card_that_nobody_knows_is_named():
    with pytest.raises(SettingsError, match="--card: 'H800' is not known: use auto, none or one of T4"):
        cards.find("H800")


def test_the_shape_is_read_from_the_folder(tiny_model: Path, tmp_path: Path):
    found = shape.read(tiny_model)
    assert (found.vision, found.packed, found.kv_heads, found.context) == (True, None, 2, 32768)
    assert found.kv_bytes_per_token == 2 * 4 * 2 * 32 * 2
    assert found.parameters * 4 == pytest.approx((tiny_model / "model.safetensors").stat().st_size, rel=0.01)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ModelError, match=r"config\.json can't be read"):
        shape.read(tmp_path)


def test_without_vllm_or_gpu_the_engine_is_ours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cards, "NVIDIA_SMI", "/no/nvidia-smi")
    assert install.chosen(settings()) == "torch"
    assert install.chosen(settings(engine="vllm")) == "vllm"
    with pytest.raises(SettingsError, match="--vllm-python: '/no/python' has no vLLM"):
        install.needed(settings(vllm_python="/no/python"))


@pytest.mark.skipif(not venvs.VLLM.python.exists(), reason="python3 -m bench.venvs vllm installs it")
def test_vllms_own_parser_takes_every_flag():
    lines = []
    for card in ("T4", "L4", "L40S", "H100"):
        changes = {"tensor_parallel_size": "2", "pipeline_parallel_size": "2", "kv_cache_dtype": "fp8"}
        chosen = settings(**changes, nnodes="2", node_rank="1", master_addr="10.0.0.1")
        found = flags(chosen, AUTOGLM, cards.find(card), shm_bytes=8 * GIB)
        found += nodes.flags(chosen, nodes.this_node(chosen, {}))
        lines.append(command_line([*found, Flag(name="api-server-count", value="1", reason="as in run.py")]))
    code = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser, validate_parsed_serve_args
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser())
for line in json.load(sys.stdin):
    arguments = parser.parse_args(line)
    print(arguments.quantization, arguments.max_num_batched_tokens)
"""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": "", "VLLM_LOGGING_LEVEL": "ERROR"}
    result = subprocess.run(
        [venvs.VLLM.python, "-W", "ignore", "-c", code],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        env=environment,
        timeout=110,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.split()[-2:] == ["None", "8192"]
