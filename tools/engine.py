"""The Pulumi engine and its Python host: found, downloaded, or built; each says which. Plugins: plugins.py."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tools import golang, official, versions
from tools.paths import BIN, BUILD
from tools.process import run

OLDEST = (3, 200, 0)  # tried with this and with the one that versions.py names
_SDK = f"github.com/pulumi/pulumi/sdk/v3@v{versions.PULUMI_PYTHON_HOST}"
_SCRIPTS = {  # program -> where the SDK's Go module has it
    "pulumi-language-python-exec": "python/cmd/pulumi-language-python-exec",
    "pulumi-resource-pulumi-python": "python/dist/pulumi-resource-pulumi-python",
}


def ensure(log: Path) -> str:
    """The `pulumi` command: the user's own, the official one, or one built from its Go module with a Python host."""
    if own := user_pulumi():
        BIN.mkdir(parents=True, exist_ok=True)
        golang.link(BIN / "pulumi", Path(own))
        return f"yours, {own}"
    folder = BUILD / f"pulumi-official-{versions.PULUMI}"
    problem = ""
    if folder.exists() or (not _built() and official.reachable(official.DOWNLOADS)):
        problem = _official(folder)
        if not problem:
            return f"official, {versions.PULUMI}"
    note = golang.ensure("pulumi", log)
    _python_host(log)
    return f"{note}, {versions.PULUMI}" + (f", as {problem}" if problem else "")


def user_pulumi() -> str | None:
    """The user's own `pulumi`, if it is late enough."""
    path = os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != BIN)
    found = shutil.which("pulumi", path=path)
    if found is None:
        return None
    try:
        answer = subprocess.run([found, "version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None  # one that can't say its version can't be trusted with a stack
    numbers = re.match(r"v(\d+)\.(\d+)\.(\d+)", answer)
    return found if numbers and tuple(map(int, numbers.groups())) >= OLDEST else None


def _built() -> bool:
    return any(BUILD.glob(f"pulumi-{versions.PULUMI}-????????"))


def _official(folder: Path) -> str:
    """The official engine, downloaded once; returns why there is none, in a line."""
    if not folder.exists():
        name = f"pulumi-v{versions.PULUMI}-linux-{official.architecture()}.tar.gz"
        try:
            official.unpack(f"{official.DOWNLOADS}/releases/sdk/{name}", folder)
        except OSError as error:
            return f"the official {name} broke off ({error})"
    BIN.mkdir(parents=True, exist_ok=True)
    for program in (folder / "pulumi").iterdir():
        golang.link(BIN / program.name, program)
    return ""


def _python_host(log: Path) -> None:
    """The language host asks for its script beside the place that its link leads to."""
    golang.ensure("pulumi-language-python", log)
    beside = (BIN / "pulumi-language-python").resolve().parent
    if all((beside / name).exists() for name in _SCRIPTS):
        return
    module = golang.MODULES / "pulumi-python"
    answer = run([golang.go(log), "mod", "download", "-json", _SDK], log=log, cwd=module, timeout=300)
    source = Path(json.loads(answer)["Dir"])
    for name, path in _SCRIPTS.items():
        part = beside / f".{name}.part"
        shutil.copyfile(source / path, part)
        part.chmod(0o755)
        part.rename(beside / name)
        golang.link(BIN / name, beside / name)
