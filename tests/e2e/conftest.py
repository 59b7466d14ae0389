"""The dev stack as a user has it: made by `make`, asked through the gateway with the official client."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml

from tools.paths import BIN, CLUSTER, ROOT, STATE

KUBECONFIG = CLUSTER / "dev" / "kubeconfig"


def make(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs `make`; its output is shown by pytest when the test fails."""
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500
    )
    print(done.stdout)
    if check:
        assert done.returncode == 0, f"make {' '.join(arguments)} ended with {done.returncode}"
    return done


def output(name: str) -> str:
    """One stack output, in clear."""
    return subprocess.run(
        ["make", "-s", "output", f"NAME={name}"], cwd=ROOT, text=True, capture_output=True, check=True, timeout=120
    ).stdout.strip()


def engine(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`pulumi` on the dev stack, in the environment that `make` gives it."""
    return subprocess.run(
        [sys.executable, "-m", "tools", "pulumi", "--", *arguments],
        cwd=ROOT, text=True, capture_output=True, timeout=600,
    )  # fmt: skip


def pulumi(*arguments: str) -> str:
    """What it says when it ends well."""
    done = engine(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed(folder: Path, **parts: dict[str, Any]) -> str:
    """The dev stack's configuration, with other fields in parts of its region: a file for `--config-file`."""
    configured = yaml.safe_load((STATE / "Pulumi.dev.yaml").read_text())
    for part, fields in parts.items():
        configured["config"]["open-autoglm:region"].setdefault(part, {}).update(fields)
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump(configured))
    return str(file)


def kubectl(*arguments: str) -> str:
    environment = os.environ | {"KUBECONFIG": str(KUBECONFIG)}
    done = subprocess.run([BIN / "kubectl", *arguments], env=environment, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def stack() -> str:
    """The running dev stack's endpoint; made here when a test is run alone."""
    make("up")
    return output("endpoint")


@pytest.fixture(scope="session")
def client(stack: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=stack, api_key=output("apiKey"), timeout=120, max_retries=0) as made:
        yield made
