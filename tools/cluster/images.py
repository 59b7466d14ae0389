"""Local images into the node's containerd."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tools.cluster.errors import ClusterError
from tools.cluster.host import enter, find_init
from tools.cluster.processes import program
from tools.cluster.render import SOCKET
from tools.cluster.settings import ClusterSettings

TIMEOUT = 600.0  # seconds for one archive; several GB on a slow disk


class Image(Protocol):
    """What tools.images.Image is: the name, the reference that pods use, and the OCI archive."""

    @property
    def name(self) -> str: ...
    @property
    def ref(self) -> str: ...
    @property
    def archive(self) -> Path: ...


def load_images(
    s: ClusterSettings, images: Sequence[Image], progress: Callable[[str], None] = lambda _line: None
) -> list[str]:
    """Imports what is not there yet; returns those references. ClusterError if the node is not up, or an archive is
    damaged or holds another reference than its own."""
    if find_init(s) is None:
        raise ClusterError(f"cluster {s.name!r} does not run; start it first")
    held = _ctr(s, "images", "list", "--quiet").split()
    missing = {image.ref: image for image in images if image.ref not in held}
    for ref, image in missing.items():
        _ctr(s, "images", "import", str(image.archive.resolve()))
        progress(f"image {ref}")
    held = _ctr(s, "images", "list", "--quiet").split() if missing else held
    if absent := [image for ref, image in missing.items() if ref not in held]:
        raise ClusterError(f"image {absent[0].ref}: not in its archive {absent[0].archive}; build the image again")
    return list(missing)


def containerd_answers(s: ClusterSettings) -> bool:
    try:
        _ctr(s, "version")
    except ClusterError:
        return False
    return True


def _ctr(s: ClusterSettings, *arguments: str) -> str:
    init = find_init(s)
    if init is None:
        raise ClusterError(f"cluster {s.name!r} ended meanwhile; see {s.log('init')}")
    argv = [*enter(init, "mount"), program(s, "ctr"), "--address", SOCKET, "--namespace", "k8s.io", *arguments]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        problem = f"not done in {TIMEOUT:.0f} s"
    else:
        if done.returncode == 0:
            return done.stdout
        problem = done.stderr.strip()
    raise ClusterError(f"ctr {' '.join(arguments)}: {problem}; see {s.log('containerd')}")
