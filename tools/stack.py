"""A stack as the Pulumi command sees it: backend, passphrase, configuration, and the repair of a killed update."""

import json
import os
import secrets
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tools import leftovers, plugins, world
from tools.cluster.files import write
from tools.paths import BIN, LOG, ROOT, STATE, VENV
from tools.process import CANCEL, ToolError, stream
from tools.steps import Show

PROJECT = "open-autoglm"
_PASSPHRASES = {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"}
_SALTS = ("encryption", "secrets")  # how a configuration's keys begin that say how its secrets are kept
RUNS_PROGRAM = ("up", "update", "preview", "refresh", "destroy", "import", "watch")  # subcommands with `--config-file`


def own_backend() -> str | None:
    """Where the user keeps stacks: by environment, or by `pulumi login`."""
    if given := os.environ.get("PULUMI_BACKEND_URL"):
        return given
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    try:
        current = json.loads((home / "credentials.json").read_text()).get("current")
    except (OSError, ValueError):
        return None
    return str(current) if current else None


@dataclass(frozen=True)
class Stack:
    """`folder`: where a stack that is only tried has a backend of its own; None for the user's. `apart`: the file of a
    configuration that is only tried."""

    name: str
    folder: Path | None = None
    apart: Path | None = None

    @property
    def state(self) -> Path:
        return self.folder or STATE

    @property
    def own_backend(self) -> str | None:
        """The user's, unless the stack is only tried."""
        return None if self.folder else own_backend()

    @property
    def config(self) -> Path:
        """The repository's `Pulumi.<stack>.yaml` with what the tools add; the tracked file stays as it is."""
        return self.apart or self.state / f"Pulumi.{self.name}.yaml"

    @property
    def _passphrase(self) -> Path:
        return self.state / "passphrase"

    @property
    def lives_here(self) -> bool:
        """Whether the tools' own backend has it; else the user's own does, now or when it was made."""
        return (self.state / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json").exists()

    @property
    def files(self) -> tuple[Path, ...]:
        """What is kept of it beside its backend, and opens its secrets."""
        return self._passphrase, self.config, self.state / "Pulumi.yaml"

    @property
    def backend(self) -> str:
        return self.own_backend or f"file://{self.state}"

    def environment(self) -> dict[str, str]:
        home = {} if self.own_backend else {"PULUMI_HOME": str(plugins.HOME), "PULUMI_BACKEND_URL": self.backend}
        given = set() if self.folder else _PASSPHRASES & os.environ.keys()
        passphrase = {} if given else {"PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase)}
        standing_in = any(map(plugins.stands_in, plugins.PLUGINS))
        return {
            **{key: value for key, value in os.environ.items() if not (self.folder and key in _PASSPHRASES)},
            "PATH": f"{BIN}:{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "VIRTUAL_ENV": str(VENV),
            "PYTHONWARNINGS": "",
            "PULUMI_STACK": self.name,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            **({"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1"} if standing_in else {}),
            **home,
            **passphrase,
            **(world.written(self.name, self.state) if any(map(plugins.stands_in, plugins.CLOUDS)) else {}),
        }

    def argv(self, *arguments: str) -> list[str]:
        """The command line of `pulumi <arguments>`; only what runs the program has the checkout as its folder."""
        pulumi = [str(BIN / "pulumi"), "--non-interactive"]
        if arguments and arguments[0] in RUNS_PROGRAM:
            return [*pulumi, "-C", str(ROOT), arguments[0], "--config-file", str(self.config), *arguments[1:]]
        if arguments and arguments[0] == "config" and not self.folder:
            users = ROOT / f"Pulumi.{self.name}.yaml"  # of which each `up` makes `self.config` anew
            return [*pulumi, "-C", str(self.state), "config", "--config-file", str(users), *arguments[1:]]
        return [*pulumi, "-C", str(self.state), *arguments]

    def ask(self, *arguments: str, given: str = "") -> str:
        """Standard output of a quick command; neither it nor the input is logged, as they may hold secrets. Raises
        ToolError."""
        done = subprocess.run(
            self.argv(*arguments), env=self.environment(), capture_output=True, text=True, timeout=120, input=given
        )
        if done.returncode:
            raise ToolError(f"pulumi {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def foreground(self, command: str, *options: str, show: Show) -> None:
        """An update, destroy or refresh before the user's eyes. Raises ToolError; KeyboardInterrupt once it ended."""
        argv = self.argv(command, "--yes", "--skip-preview", "--suppress-progress", *options)
        stream(argv, log=LOG / f"pulumi-{command}.log", env=self.environment(), cwd=ROOT, show=show)

    def prepare(self, content: dict[str, Any]) -> str:
        """Makes the stack if there is none, and writes its configuration. Returns what was done."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)
        if not self._passphrase.exists():
            write(self._passphrase, secrets.token_urlsafe(32), 0o600)
        write(self.state / "Pulumi.yaml", (ROOT / "Pulumi.yaml").read_text())
        made = not self.exists()
        if made:
            self.ask("stack", "init", self.name, "--no-select")
        self._configure(self.config, content)
        return f"{'new' if made else 'kept'}, in {self.own_backend or self.state}"

    def configured_apart(self, content: dict[str, Any]) -> "Stack":
        """The same stack with another configuration, which the next commands on it do not see."""
        tried = replace(self, apart=self.state / "apart" / f"Pulumi.{self.name}.yaml")
        tried.config.parent.mkdir(exist_ok=True)
        self._configure(tried.config, content)
        return tried

    def _configure(self, file: Path, content: dict[str, Any]) -> None:
        salts = {key: value for key, value in self._written().items() if key.startswith(_SALTS)}
        if self._passphrase_is_ours and "secure:" not in yaml.safe_dump(content):
            content = {key: value for key, value in content.items() if not key.startswith(_SALTS)}
        write(file, yaml.safe_dump(salts | content, sort_keys=False), 0o600)

    @property
    def _passphrase_is_ours(self) -> bool:
        """Then the salt that a plain `pulumi stack init` wrote into `Pulumi.<stack>.yaml` is of another passphrase."""
        return self.folder is not None or not (self.own_backend or _PASSPHRASES & os.environ.keys())

    def _written(self) -> dict[str, Any]:
        content = yaml.safe_load(self.config.read_text()) if self.config.exists() else {}
        return content if isinstance(content, dict) else {}

    def exists(self) -> bool:
        if not (self.state / "Pulumi.yaml").exists():
            return False
        return any(
            entry["name"].rpartition("/")[2] == self.name for entry in json.loads(self.ask("stack", "ls", "--json"))
        )

    def overlay(self) -> dict[str, Any]:
        """The cluster and the images that the last `up` chose."""
        found = self._written().get("config", {}).get("open-autoglm:region", {})
        return {key: found[key] for key in ("cluster", "images") if key in found}

    def cluster(self) -> tuple[Path, str | None] | None:
        """Kubeconfig and context that the last `up` wrote, if there was one."""
        found = self.overlay().get("cluster")
        if not isinstance(found, dict) or "kubeconfig" not in found:  # as in the overlay of a cloud's cluster
            return None
        return Path(found["kubeconfig"]), found.get("context")

    def resources(self) -> list[dict[str, Any]]:
        """What the state holds, but for the stack itself and its providers."""
        entries: list[dict[str, Any]] = self._deployment().get("resources") or []
        return [entry for entry in entries if not entry["type"].startswith(("pulumi:pulumi:", "pulumi:providers:"))]

    def outputs(self) -> dict[str, Any]:
        """Secrets in clear."""
        found: dict[str, Any] = json.loads(self.ask("stack", "output", "--json", "--show-secrets"))
        return found

    def _deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ask("stack", "export")).get("deployment") or {}
        return found

    def repair(self) -> str:
        """Takes up after a killed update: its lock, and what it was about to create. A refresh must follow."""
        notes = []
        leftovers.end_orphans()
        if self._unlock():
            notes.append("removed a killed update's lock")
        state = json.loads(self.ask("stack", "export"))
        if count := adopt(state.get("deployment") or {}):
            self.ask("stack", "import", given=json.dumps(state))
            notes.append(f"looks again at {count} resources that a killed update had under way")
        return "; ".join(notes)

    def _unlock(self) -> bool:
        """Waits for an update that still ends, then removes the locks of those that can't any more."""
        folder = self.state / ".pulumi" / "locks" / "organization" / PROJECT / self.name
        if self.own_backend or not folder.is_dir():
            return False
        deadline = time.monotonic() + CANCEL
        while running := [pid for lock in folder.glob("*.json") if (pid := leftovers.holder(lock))]:
            if time.monotonic() > deadline:
                raise ToolError(f"stack {self.name}: an update runs (process {running[0]}); wait for it, or end it")
            time.sleep(0.2)
        if not any(folder.glob("*.json")):
            return False
        self.ask("cancel", "--yes", self.name)
        return True


def adopt(deployment: dict[str, Any]) -> int:
    """Turns pending operations into resources for a refresh to look at, and returns how many there were.

    What a killed update was creating may be there or not. A Kubernetes object is known by its name, so it goes into the
    state: a refresh drops it if it is not there. The replacement of a resource that is still there goes in as one to be
    deleted. Anything else leaves nothing outside the state.
    """
    pending = deployment.pop("pending_operations", None) or []
    resources = deployment.setdefault("resources", [])
    known = {entry["urn"] for entry in resources}
    for operation in pending:
        if name := object_id(operation):
            resource = {**operation["resource"], "id": name}
            resources.append(resource | ({"delete": True} if resource["urn"] in known else {}))
    return len(pending)


def object_id(operation: dict[str, Any]) -> str | None:
    """`<namespace>/<name>` of a Kubernetes object that was being created, None for anything else."""
    resource = operation["resource"]
    metadata = (resource.get("inputs") or {}).get("metadata")
    if (
        operation["type"] != "creating"
        or not resource["type"].startswith("kubernetes:")
        or not isinstance(metadata, dict)
    ):
        return None
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not isinstance(name, str):
        return None
    return f"{namespace}/{name}" if isinstance(namespace, str) else name
