"""The images as they are used: imported by a containerd of the test's own, and the root file systems run."""

import filecmp
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.processes import until_ready
from tools import debian
from tools.images import build
from tools.images.archive import stored_layers
from tools.images.rootfs import CERTIFICATES, rootfs
from tools.paths import LOG, ROOT

pytestmark = pytest.mark.integration


@pytest.fixture
def ctr(tmp_path):
    """Runs `ctr` on a containerd with its own folders, which is ended by its process id."""
    prefix = debian.host_tools(tmp_path / "log")
    (tmp_path / "config.toml").write_text(
        f'version = 2\nroot = "{tmp_path}/root"\nstate = "{tmp_path}/state"\n'
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\naddress = "{tmp_path}/socket"\n'
    )
    (libraries,) = (path.parent for path in prefix.glob("usr/lib/*/libseccomp.so.2"))
    environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries)}

    def ctr(*words):
        command = [prefix / "usr/bin/ctr", "-a", tmp_path / "socket", "-n", "k8s.io", *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout

    with (tmp_path / "containerd.log").open("w") as log:
        daemon = subprocess.Popen(
            [prefix / "usr/bin/containerd", "-c", tmp_path / "config.toml"], env=environment, stdout=log, stderr=log
        )
    try:
        until_ready(daemon, tmp_path / "containerd.log", (tmp_path / "socket").exists)
        yield ctr
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)


@pytest.mark.skipif(os.geteuid() != 0, reason="containerd unpacks images as root")
def test_containerd_takes_the_images_under_their_full_names(ctr, tmp_path):
    images = build(["pause", "etcd"], LOG / "images.log").values()
    for image in images:
        ctr("images", "import", str(image.archive))
    assert set(ctr("images", "list", "-q").split()) == {image.ref for image in images}
    checks = ctr("images", "check").splitlines()[1:]
    assert len(checks) == 2
    assert all(" complete " in line and line.endswith("true") for line in checks)


@pytest.mark.skipif(os.geteuid() != 0, reason="containerd unpacks images as root")
def test_containerd_refuses_an_archive_with_one_flipped_bit(ctr, tmp_path):
    image = build(["pause"], LOG / "images.log")["pause"]
    spoilt = bytearray(image.archive.read_bytes())
    (layer,) = stored_layers(image.archive).values()
    spoilt[layer.offset + layer.size // 2] ^= 1
    (tmp_path / "spoilt.tar").write_bytes(spoilt)
    with pytest.raises(subprocess.CalledProcessError) as error:
        ctr("images", "import", str(tmp_path / "spoilt.tar"))
    assert f"{layer.digest}: not found" in error.value.stderr


def test_python_of_the_base_has_its_modules_and_certificates(tmp_path):
    made = rootfs(tmp_path / "log")
    program = (
        "import asyncio, bz2, ctypes, decimal, hashlib, lzma, sqlite3, ssl, sys, uuid, zlib\n"
        "assert asyncio.__cached__.endswith('.pyc')\n"
        "print(*sys.version_info[:2], sep='.')"
    )
    done = subprocess.run(
        [*made.interpreter, "-c", program], env=made.environment, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == made.version


def test_another_place_and_another_run_give_the_same_bytes(tmp_path):
    image = build(["base"], LOG / "images.log")["base"]
    environment = {**os.environ, "TOOLS_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-m", "tools.images", "build", "base"], env=environment, cwd=ROOT, check=True)
    (again,) = (tmp_path / "images").glob("base@*.tar")
    assert again.name == image.archive.name
    assert filecmp.cmp(again, image.archive, shallow=False)


def test_no_byte_code_is_checked_against_a_source(tmp_path):
    files = {member.name: content for member, content in _files(build(["base"], LOG / "images.log")["base"].archive)}
    sources = {name for name in files if name.endswith(".py")}
    compiled = {name for name in files if name.endswith(".pyc")}
    assert len(sources) > 500
    tag = "cpython-" + rootfs(tmp_path / "log").version.replace(".", "")
    expected = {f"{path.parent}/__pycache__/{path.stem}.{tag}.pyc" for path in map(Path, sources)}
    assert expected <= compiled
    assert {int.from_bytes(files[name][4:8], "little") for name in compiled} == {0b01}  # PEP 552: unchecked hash
    assert not [name for name in compiled if "sitecustomize" in name]  # this machine's has no place there


def test_every_library_of_the_base_finds_what_it_needs(tmp_path):
    made = rootfs(tmp_path / "log")
    libraries = [path for half in (made.libc, made.python) for path in half.glob("usr/lib/**/*.so*") if path.is_file()]
    loader, *options = made.interpreter[:-1]
    kept = {member.name for member, _ in _files(build(["base"], LOG / "images.log")["base"].archive)}
    asked = [path for path in libraries if any(str(path).endswith(f"/{name}") for name in kept)]
    assert len(asked) > 50
    for path in asked:
        done = subprocess.run([loader, *options, "--list", str(path)], capture_output=True, text=True, check=False)
        assert "not found" not in done.stdout + done.stderr, path
    assert CERTIFICATES in kept


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
def test_the_serving_image_runs_as_its_user_from_its_own_files_alone(tmp_path):
    image = build(["serving"], LOG / "images.log")["serving"]
    root = tmp_path / "root"
    root.mkdir()
    _unpack(image.archive, root)
    (root / "dev/urandom").write_bytes(os.urandom(1 << 16))  # a chroot mounts no /dev, and torch reads this
    python = ["chroot", "--userspec=65532:65532", str(root), "/usr/bin/python3"]
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "PYTHONPATH": "/opt/autoglm/lib:/opt/autoglm/app",
        "HOME": "/tmp",  # noqa: S108 - in the image
    }

    def output(*words):
        return subprocess.run(
            [*python, *words], env=environment, check=True, capture_output=True, text=True, timeout=300
        ).stdout

    assert "serve" in output("-m", "autoglm_serving", "--help")
    assert output("-c", "import torch; print((torch.ones(2, 2) @ torch.ones(2, 2)).sum().item())") == "8.0\n"
    assert output("-c", "import torch; print(torch.cuda.is_available())") == "False\n"
    assert not list(root.glob("usr/bin/*sh"))
    assert not list(root.glob("**/bin/*gcc*"))


def _files(archive: Path) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for layer in stored_layers(archive).values():
        with archive.open("rb") as file:
            file.seek(layer.offset)
            with tarfile.open(fileobj=file, mode="r|") as tar:
                for member in tar:
                    if member.isfile():
                        yield member, tar.extractfile(member).read()


def _unpack(archive: Path, root: Path) -> None:
    for layer in stored_layers(archive).values():
        with archive.open("rb") as file:
            file.seek(layer.offset)
            with tarfile.open(fileobj=file, mode="r|") as tar:
                tar.extractall(root, filter="fully_trusted")  # noqa: S202 - written by the code under test
