import signal
import subprocess
import sys
from pathlib import Path

import pytest
from harness import command, environment

from autoglm_serving.cli import main
from autoglm_serving.engine.build import context
from autoglm_serving.errors import SettingsError
from autoglm_serving.flags import serve_settings


def run(*arguments: str | Path, **extra_environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, env=environment() | extra_environment, timeout=60
    )


@pytest.mark.parametrize(
    "arguments", [("--help",), ("serve", "--help"), ("tiny-model", "--help"), ("verify", "--help")]
)
def test_help_is_printed(arguments: tuple[str, ...]):
    result = run(*arguments)
    assert result.returncode == 0
    assert result.stdout.startswith("usage: autoglm_serving")


def test_the_command_line_imports_no_torch():
    code = "import sys, autoglm_serving.cli, autoglm_serving.model.folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("serve",), ["--model is missing", "AUTOGLM_SERVE_MODEL"]),
        (("serve", "--model", "m", "--port", "99999"), ["--port: '99999'", "less than or equal to 65535"]),
        (("serve", "--model", "m", "--port", "http"), ["--port: 'http'", "valid integer"]),
        (("serve", "--model", "m", "--max-num-seqs", "0"), ["--max-num-seqs: '0'", "greater than or equal to 1"]),
        (("serve", "--model", "m", "--shutdown-timeout", "nan"), ["--shutdown-timeout: 'nan'", "finite"]),
        (("serve", "--model", "m", "--dtype", "int4"), ["--dtype: 'int4'", "'bfloat16'"]),
        (
            ("serve", "--model", "m", "--limit-mm-per-prompt", '{"images":1}'),
            ["--limit-mm-per-prompt", "not permitted"],
        ),
        (("serve", "--model", "m", "--mm-processor-kwargs", "{"), ["--mm-processor-kwargs: '{'", "JSON"]),
        (("serve", "--model", "m", "--max-num-seq", "1"), ["did you mean --max-num-seqs?"]),
        (("tiny-model",), ["required: folder"]),
        (("tiny-model", "m", "--seed", "-1"), ["--seed"]),
        (("tiny-model", "m", "--seed", "1.5"), ["--seed: '1.5'", "integer from 0"]),
        (("train",), ["invalid choice: 'train'"]),
        ((), ["arguments are required"]),
    ],
)
def test_a_bad_command_line_exits_with_2_and_says_why(
    arguments: tuple[str, ...], parts: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AUTOGLM_SERVE_MODEL", raising=False)
    assert main(arguments) == 2
    message = capsys.readouterr().err
    for part in parts:
        assert part in message


def test_all_faults_are_named_at_once():
    with pytest.raises(SettingsError) as caught:
        serve_settings({"port": "x", "max_num_seqs": "-1"}, {})
    assert [line.split(":")[0].split(" ")[0] for line in str(caught.value).splitlines()] == [
        "--model",
        "--port",
        "--max-num-seqs",
    ]


def test_environment_variables_stand_in_for_flags_and_flags_win():
    environment = {"AUTOGLM_SERVE_MODEL": "a", "AUTOGLM_SERVE_MAX_NUM_SEQS": "3", "AUTOGLM_SERVE_PORT": ""}
    settings = serve_settings({"model": "b"}, environment)
    assert (settings.model, settings.max_num_seqs, settings.port) == (Path("b"), 3, 8000)


def test_a_bad_environment_variable_is_named():
    with pytest.raises(SettingsError, match=r"AUTOGLM_SERVE_PORT: 'tcp://10\.0\.0\.1:80' is not allowed"):
        serve_settings({"model": "m"}, {"AUTOGLM_SERVE_PORT": "tcp://10.0.0.1:80"})


def test_the_flags_of_the_clients_readme_are_understood():
    words = [
        "--served-model-name",
        "autoglm-phone-9b",
        "--mm_processor_kwargs",
        '{"max_pixels":5000000}',
        "--max-model-len",
        "25480",
        "--chat-template-content-format",
        "string",
        "--limit-mm-per-prompt",
        '{"image":10}',
        "--port",
        "8000",
    ]
    flags = {
        key.removeprefix("--").replace("-", "_"): value for key, value in zip(words[::2], words[1::2], strict=True)
    }
    settings = serve_settings({"model": "m"} | flags, {})
    assert settings.max_model_len == 25480
    assert settings.limit_mm_per_prompt.image == 10
    assert settings.mm_processor_kwargs.max_pixels == 5_000_000


def test_a_missing_model_folder_is_an_error_before_anything_is_loaded(tmp_path: Path):
    result = run("serve", "--model", tmp_path / "none", "--port", "0")
    assert result.returncode == 1
    assert "none does not exist" in result.stderr


def test_a_port_in_use_is_an_error_before_anything_is_loaded(tiny_model: Path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--model", tiny_model, "--host", "127.0.0.1", "--port", str(port))
    assert result.returncode == 2
    assert f"--port {port}: can't listen there: Address already in use" in result.stderr


def test_a_context_longer_than_the_models_is_refused():
    assert (context(None, 32768), context(100, 32768)) == (32768, 100)
    with pytest.raises(SettingsError, match="--max-model-len: 40000 is more than the 32768 tokens"):
        context(40000, 32768)


def test_sigterm_while_loading_ends_the_server(tiny_model: Path):
    process = subprocess.Popen(
        command("serve", "--model", tiny_model, "--port", "0"), stdout=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    assert b"model verified" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
