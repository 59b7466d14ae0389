"""The provider plugins of a stack: official where they can be used, else the stand-ins; each says which, and why."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import official, versions
from tools.paths import BIN, ROOT, TOOLS, VENV
from tools.process import ToolError, run

HOME = TOOLS / "pulumi"  # plugins and credentials of the tools' own engine
WAIT = 300.0  # seconds for one official plugin, once its server has answered; that of AWS is some 200 MB


@dataclass(frozen=True)
class Plugin:
    """`server`: where it is, unless Pulumi knows. `signs`: variables that show credentials for it, and `files` of the
    home folder that do. A plugin without signs needs none."""

    version: str
    server: str = ""
    signs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def has_credentials(self, environment: Mapping[str, str] = os.environ) -> bool:
        home = Path(environment.get("HOME") or Path.home())
        return (
            not self.signs
            or any(environment.get(name) for name in self.signs)
            or any((home / name).exists() for name in self.files)
        )


ALWAYS: Final = {
    "kubernetes": Plugin(versions.PULUMI_KUBERNETES),
    "random": Plugin(versions.PULUMI_RANDOM),
    "tls": Plugin(versions.PULUMI_TLS),
}
# The variables and files that the plugins' own documentation names: the AWS SDK's credential chain;
# help.aliyun.com/en/terraform/terraform-authentication; `Provider` of tencentcloud_iac_pulumi 0.2.3. Read 2026-11.
CLOUDS: Final = {
    "aws": Plugin(
        versions.PULUMI_AWS,
        signs=(
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ),
        files=(".aws/credentials", ".aws/config"),
    ),
    "alicloud": Plugin(
        versions.PULUMI_ALICLOUD,
        signs=(
            "ALICLOUD_ACCESS_KEY",
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALICLOUD_PROFILE",
            "ALIBABA_CLOUD_PROFILE",
            "ALICLOUD_ECS_ROLE_NAME",
        ),
        files=(".aliyun/config.json",),
    ),
    "tencentcloud": Plugin(
        versions.PULUMI_TENCENTCLOUD,
        server="github://api.github.com/tencentcloudstack",
        signs=("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_PROFILE", "TENCENTCLOUD_CAM_ROLE_NAME"),
        files=(".tccli/default.credential",),
    ),
}
PLUGINS: Final = ALWAYS | CLOUDS
FLEET: Final = "fleet"  # `kind` of a file that joins regions of several clouds


def of(provider: str) -> dict[str, Plugin]:
    """The plugins of a stack on this provider. A fleet has those of every cloud; a private region none of them."""
    return ALWAYS | {name: plugin for name, plugin in CLOUDS.items() if provider in (name, FLEET)}


def ensure(log: Path, provider: str = "private") -> str:
    """Makes a stack's plugins ready, and returns which were taken."""
    return ", ".join(f"{name} {_ensure(name, plugin, log)}" for name, plugin in of(provider).items())


def stands_in(name: str) -> bool:
    """Whether the engine would run our stand-in for a plugin."""
    return (BIN / f"pulumi-resource-{name}").exists()


def _ensure(name: str, plugin: Plugin, log: Path) -> str:
    launcher = BIN / f"pulumi-resource-{name}"
    if not plugin.has_credentials():
        write_launcher(launcher, name)
        return "stand-in, as there are no credentials: nothing is made in the cloud"
    for home in (HOME, Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")):
        if (home / "plugins" / f"resource-{name}-v{plugin.version}").exists():
            launcher.unlink(missing_ok=True)
            return "official"
    kept = name in ALWAYS and launcher.exists()  # what stood in once does so without asking the network again
    if not kept and official.reachable(official.DOWNLOADS):
        if problem := _install(name, plugin, log):
            write_launcher(launcher, name)
            return f"stand-in, as the official one could not be had: {problem}"
        launcher.unlink(missing_ok=True)
        return "official"
    write_launcher(launcher, name)
    return "stand-in"


def _install(name: str, plugin: Plugin, log: Path) -> str:
    """Downloads the official plugin; returns what went wrong, in a line."""
    server = ["--server", plugin.server] if plugin.server else []
    install: list[str | Path] = [BIN / "pulumi", "plugin", "install", "resource", name, plugin.version, *server]
    try:
        run(install, log=log, env={**os.environ, "PULUMI_HOME": str(HOME)}, timeout=WAIT)
    except ToolError as error:
        return str(error).splitlines()[0]
    return ""


def write_launcher(launcher: Path, name: str) -> None:
    """A program that the engine finds on PATH and that starts our stand-in."""
    text = (
        "#!/bin/sh\n"
        f"PYTHONPATH='{ROOT}' exec '{VENV}/bin/python' -m tools.providers.{name} \"$@\"\n"
    )  # fmt: skip
    if launcher.exists() and launcher.read_text() == text:
        return
    launcher.parent.mkdir(parents=True, exist_ok=True)
    part = launcher.with_name(f".{launcher.name}.part")
    part.write_text(text)
    part.chmod(0o755)
    part.rename(launcher)
