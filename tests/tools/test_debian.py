import os
import subprocess
from pathlib import Path

import pytest

from tools import debian
from tools.process import ToolError

POLICY = """\
libssl3:
  Installed: (none)
  Candidate: 3.0.22-1~deb12u2
  Version table:
     3.0.22-1~deb12u2 500
libvirtual:
  Installed: (none)
  Candidate: (none)
  Version table:
zlib1g:
  Installed: 1:1.2.11
  Candidate: 1:1.2.13.dfsg-1
"""


@pytest.fixture
def policy(monkeypatch):
    monkeypatch.setattr(debian, "run", lambda *_args, **_settings: POLICY)


def test_the_first_alternative_that_the_release_has_is_taken(policy):
    found = debian._candidates(["libssl3t64 | libssl3", "zlib1g"], {}, Path("log"))
    assert found == {"libssl3": "3.0.22-1~deb12u2", "zlib1g": "1:1.2.13.dfsg-1"}


@pytest.mark.parametrize("package", ["containerd", "libvirtual", "libssl4 | libvirtual"])
def test_a_package_that_no_source_has_is_named_with_the_way_out(policy, package):
    with pytest.raises(ToolError) as error:
        debian._candidates([package, "zlib1g"], {}, Path("log"))
    assert str(error.value).startswith(f"{package}: in none of apt's sources; enable")


def test_without_apt_the_message_says_what_to_do_instead(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"apt-get, dpkg-deb: not found.*--context"):
        debian._update.__wrapped__(tmp_path / "log")


def test_links_into_usr_replace_the_folders_of_packages(tmp_path):
    for name in ("lib/a", "usr/lib/b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "lib/c").symlink_to("a")
    debian._merge(tmp_path)
    assert os.readlink(tmp_path / "lib") == "usr/lib"
    assert sorted(path.name for path in (tmp_path / "lib").iterdir()) == ["a", "b", "c"]
    assert (tmp_path / "usr/lib/c").is_symlink()


def test_a_made_folder_is_taken_without_a_command(monkeypatch, tmp_path):
    calls = []

    def extract(_packages, dest, _log):
        calls.append(dest)
        dest.mkdir(parents=True)
        return {"zlib1g": "1"}

    monkeypatch.setattr(debian, "BUILD", tmp_path)
    monkeypatch.setattr(debian, "extract", extract)
    first = debian.prefix("thing", ["zlib1g"], tmp_path / "log")
    assert debian.prefix("thing", ["zlib1g"], tmp_path / "log") == first
    assert len(calls) == 1
    assert debian.prefix("thing", ["zlib1g", "libssl3"], tmp_path / "log") != first


def test_a_killed_unpacking_is_begun_anew(monkeypatch, tmp_path):
    def extract(_packages, dest, _log):
        dest.mkdir()
        (dest / "half").touch()
        return {"zlib1g": "1"}

    def finish(_folder, _log):
        raise KeyboardInterrupt

    monkeypatch.setattr(debian, "BUILD", tmp_path)
    monkeypatch.setattr(debian, "extract", extract)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            debian.prefix("thing", ["zlib1g"], tmp_path / "log", finish)
    assert [path.suffix for path in tmp_path.iterdir() if path.is_dir()] == [".part"]


@pytest.mark.integration
def test_a_package_is_unpacked_with_its_record_and_the_host_stays_as_it_is(tmp_path):
    host = [Path("/var/lib/dpkg/status"), Path("/var/lib/apt/lists"), Path("/var/cache/apt")]
    before = [path.stat().st_mtime_ns for path in host if path.exists()]
    versions = debian.extract(["zlib1g"], tmp_path / "root", tmp_path / "log")
    (library,) = (tmp_path / "root").glob("usr/lib/*/libz.so.1")
    assert library.is_symlink()
    assert library.exists()
    record = (tmp_path / "root" / debian.RECORDS / "zlib1g").read_text()
    assert f"Version: {versions['zlib1g']}\n" in record
    assert [path.stat().st_mtime_ns for path in host if path.exists()] == before
    assert not (tmp_path / "root.debs").exists()


@pytest.mark.integration
def test_a_source_without_a_signature_is_refused(tmp_path):
    environment = debian._update(tmp_path / "log")
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository/Packages").touch()
    (tmp_path / "repository/Release").write_text("Suite: stable\n")
    (tmp_path / "sources.list").write_text(f"deb file:{tmp_path}/repository ./\n")
    (tmp_path / "lists/partial").mkdir(parents=True)
    only = [
        f"Dir::Etc::sourcelist={tmp_path}/sources.list",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::lists={tmp_path}/lists",
    ]
    options = [word for option in only for word in ("-o", option)]
    update = subprocess.run(
        ["apt-get", "update", *options], env=environment, capture_output=True, text=True, check=False
    )
    assert update.returncode != 0
    assert "is not signed" in update.stderr


@pytest.mark.integration
def test_the_host_tools_run_with_their_own_libraries(tmp_path):
    prefix = debian.host_tools(tmp_path / "log")
    (libraries,) = (path.parent for path in prefix.glob("usr/lib/*/libxtables.so.12"))
    environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries)}
    for program in ("usr/bin/containerd", "usr/bin/ctr", "usr/sbin/runc", "usr/sbin/iptables", "usr/sbin/conntrack"):
        subprocess.run([prefix / program, "--version"], env=environment, check=True, capture_output=True)
    assert {"bridge", "host-local", "portmap", "loopback"} <= {path.name for path in prefix.glob("usr/lib/cni/*")}
    assert debian.HOST.resolve() == prefix
