"""The real Pulumi engine on a temporary project, with the stand-in plugins first on its PATH."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.apiserver import program
from tools import paths

_TIMEOUT = 180  # seconds a command may take
_SDK = "github.com/pulumi/pulumi/sdk/v3@v3.60.0/python/cmd/pulumi-language-python-exec"
PLUGINS = ("kubernetes", "random", "tls")
_PASSPHRASE = "for tests only"  # noqa: S105  # protects throw-away states


@dataclass
class Result:
    code: int
    text: str

    def ok(self) -> str:
        assert self.code == 0, self.text
        return self.text

    def failed(self) -> str:
        assert self.code != 0, self.text
        return self.text


class Project:
    """One program with one stack on a file backend."""

    name = "trial"  # of the Pulumi project

    def __init__(
        self, folder: Path, kubeconfig: Path | None = None, *, stack: str = "dev", plugins: Iterable[str] = PLUGINS
    ) -> None:
        self.folder, self.stack = folder, stack
        bin_folder = folder / "bin"
        bin_folder.mkdir(parents=True)
        (folder / "backend").mkdir()
        # Copies, since the host looks for its `-exec` script beside its own resolved path.
        for name in ("pulumi-language-python", "pulumi-language-python-exec"):
            shutil.copy(_language_exec() if name.endswith("-exec") else program(name), bin_folder / name)
        (bin_folder / "pulumi").symlink_to(program("pulumi"))
        for name in plugins:
            write_launcher(bin_folder, name)
        self.environment = {
            "PATH": f"{bin_folder}:{paths.VENV / 'bin'}:/usr/bin:/bin",
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        } | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})
        self._program()
        self.run("stack", "init", stack).ok()

    def _program(self) -> None:
        (self.folder / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime:\n  name: python\n")
        self.write("")

    def write(self, program_text: str) -> None:
        header = "import pulumi\nimport pulumi_kubernetes as k8s\nimport pulumi_random as random\n"
        (self.folder / "__main__.py").write_text(header + program_text)

    def command(self, *arguments: str) -> list[str]:
        return ["pulumi", "--non-interactive", "--color", "never", *arguments]

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.folder / "bin" / "pulumi"), *self.command(*arguments)[1:]],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Ends the engine as a crash does. Its host and program would stay, so they are ended by their pids."""
        hosts = [pid for pid, command in children(process.pid).items() if "pulumi-language-python" in command]
        programs = [pid for host in hosts for pid in children(host)]
        process.send_signal(signal.SIGKILL)
        for pid in hosts + programs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()

    def run(self, *arguments: str) -> Result:
        process = self.popen(*arguments)
        text, _ = process.communicate(timeout=_TIMEOUT)
        return Result(process.returncode, text)

    def up(self, *options: str) -> Result:
        return self.run("up", "--yes", "--skip-preview", *options)

    def preview(self, *options: str) -> Result:
        return self.run("preview", "--diff", *options)

    def steps(self, *options: str) -> dict[str, str]:
        """The operation that a preview plans, by resource name."""
        result = self.run("preview", "--json", *options)
        plan = json.loads(result.ok()[result.text.index("{") :])
        return {step["urn"].rpartition("::")[2]: step["op"] for step in plan["steps"]}

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("stack", "output", "--json", "--show-secrets").ok())
        return found

    def state(self) -> dict[str, dict[str, Any]]:
        """The resources of the checkpoint by name, secrets as they lie on the disk."""
        deployment = json.loads(self.state_text())
        resources = deployment["checkpoint"]["latest"].get("resources") or []
        return {entry["urn"].rpartition("::")[2]: entry for entry in resources}

    def state_text(self) -> str:
        return (self.folder / f"backend/.pulumi/stacks/{self.name}/{self.stack}.json").read_text()


def children(parent: int) -> dict[int, str]:
    """The direct children of a process: pid and command line."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            entries = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            if int(entries["PPid"]) == parent:
                found[int(status.parent.name)] = (status.parent / "cmdline").read_text().replace("\0", " ")
    return found


def write_launcher(folder: Path, provider: str) -> None:
    launcher = folder / f"pulumi-resource-{provider}"
    launcher.write_text(
        f'#!/bin/sh\nPYTHONPATH="{paths.ROOT}" exec "{sys.executable}" -m tools.providers.{provider} "$@"\n'
    )
    launcher.chmod(0o755)


def _language_exec() -> Path:
    built = paths.BIN / "pulumi-language-python-exec"
    if built.exists():
        return built
    environment = {**os.environ, "GOFLAGS": "-mod=mod"}
    cache = subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True, env=environment)
    return Path(cache.stdout.strip()) / _SDK
