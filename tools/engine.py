"""The Pulumi engine, its Python host and its plugins: found, downloaded, or built; each says which."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tools import golang, official, versions
from tools.paths import BIN, BUILD, ROOT, TOOLS, VENV
from tools.process import ToolError, run

OLDEST = (3, 200, 0)  # tried with this and with the one that versions.py names
HOME = TOOLS / "pulumi"  # plugins and credentials of the tools' own engine
PLUGINS = {"kubernetes": versions.PULUMI_KUBERNETES, "random": versions.PULUMI_RANDOM}
PLUGIN_WAIT = 300.0  # seconds for one official plugin of some 50 MB, once its server has answered
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
    if folder.exists() or (not _built() and official.reachable(official.DOWNLOADS)):
        return _official(folder, log)
    note = golang.ensure("pulumi", log)
    _python_host(log)
    return f"{note}, {versions.PULUMI}"


def user_pulumi() -> str | None:
    """The user's own `pulumi`, if it is late enough."""
    path = os.pathsep.join(part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != BIN)
    found = shutil.which("pulumi", path=path)
    if found is None:
        return None
    answer = subprocess.run([found, "version"], capture_output=True, text=True, timeout=30).stdout
    numbers = re.match(r"v(\d+)\.(\d+)\.(\d+)", answer)
    return found if numbers and tuple(map(int, numbers.groups())) >= OLDEST else None


def _built() -> bool:
    return any(BUILD.glob(f"pulumi-{versions.PULUMI}-????????"))


def _official(folder: Path, log: Path) -> str:
    note = "kept"
    if not folder.exists():
        name = f"pulumi-v{versions.PULUMI}-linux-{official.architecture()}.tar.gz"
        try:
            official.unpack(f"{official.DOWNLOADS}/releases/sdk/{name}", folder)
        except OSError as error:
            raise ToolError(f"{name}: the download broke off ({error}); run this again") from None
        note = "downloaded"
    BIN.mkdir(parents=True, exist_ok=True)
    for program in (folder / "pulumi").iterdir():
        golang.link(BIN / program.name, program)
    return f"official, {note}, {versions.PULUMI}"


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


def ensure_plugins(log: Path) -> str:
    """The provider plugins: official ones where they are or can be downloaded, else the stand-ins."""
    taken = {name: _plugin(name, version, log) for name, version in PLUGINS.items()}
    return ", ".join(f"{name} {how}" for name, how in taken.items())


def _plugin(name: str, version: str, log: Path) -> str:
    launcher = BIN / f"pulumi-resource-{name}"
    for home in (HOME, Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")):
        if (home / "plugins" / f"resource-{name}-v{version}").exists():
            launcher.unlink(missing_ok=True)
            return "official"
    if not launcher.exists() and official.reachable(official.DOWNLOADS):
        install: list[str | Path] = [BIN / "pulumi", "plugin", "install", "resource", name, version]
        run(install, log=log, env={**os.environ, "PULUMI_HOME": str(HOME)}, timeout=PLUGIN_WAIT)
        return "official"
    _write_launcher(launcher, name)
    return "stand-in"


def _write_launcher(launcher: Path, name: str) -> None:
    text = (
        "#!/bin/sh\n"
        f"PYTHONPATH='{ROOT}' exec '{VENV}/bin/python' -m tools.providers.{name} \"$@\"\n"
    )  # fmt: skip
    if launcher.exists() and launcher.read_text() == text:
        return
    part = launcher.with_name(f".{launcher.name}.part")
    part.write_text(text)
    part.chmod(0o755)
    part.rename(launcher)
