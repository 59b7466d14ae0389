"""Over folders that look like the kernel's. Integration tests try version 1 for real; version 2 is tried only here."""

from pathlib import Path

import pytest

from tools.cluster import ClusterError, cgroups


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    for name in (*cgroups.NEEDED_V1, "systemd", "unified"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    (tmp_path / "cpuset/cpuset.cpus").write_text("0-1\n")
    (tmp_path / "cpuset/cpuset.mems").write_text("0\n")
    return tmp_path


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory\n")
    (tmp_path / "node-x").mkdir()  # the kernel would make the file in it
    (tmp_path / "node-x/cgroup.subtree_control").write_text("")
    return tmp_path


def test_v1_fills_the_cpusets_before_a_process_may_join(v1: Path) -> None:
    cgroups.create("node-x", v1)
    for folder in ("node-x", "node-x/node"):
        assert (v1 / "cpuset" / folder / "cpuset.cpus").read_text() == "0-1"
        assert (v1 / "cpuset" / folder / "cpuset.mems").read_text() == "0"
    cgroups.join("node-x", 42, v1)
    for controller in (*cgroups.NEEDED_V1, "systemd", "unified"):
        assert (v1 / controller / "node-x/node/cgroup.procs").read_text() == "42"


def test_v1_makes_shared_hierarchies_once(v1: Path) -> None:
    (v1 / "cpu").rename(v1 / "cpu,cpuacct")
    (v1 / "cpuacct/cgroup.procs").unlink()
    (v1 / "cpuacct").rmdir()
    for name in ("cpu", "cpuacct"):
        (v1 / name).symlink_to("cpu,cpuacct")
    cgroups.create("node-x", v1)
    cgroups.create("node-x", v1)
    assert (v1 / "cpu,cpuacct/node-x/node").is_dir()


def test_v1_names_what_is_not_mounted(v1: Path) -> None:
    for name in ("pids", "memory"):
        (v1 / name / "cgroup.procs").unlink()
        (v1 / name).rmdir()
    with pytest.raises(ClusterError, match="memory, pids not mounted"):
        cgroups.create("node-x", v1)
    assert not cgroups.exists("node-x", v1)


def test_a_cgroup_tree_that_is_read_only_is_named(v1: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, exist_ok: bool = False) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ClusterError, match=r"version 1: .*/node-x: Read-only file system"):
        cgroups.create("node-x", v1)


def test_v2_hands_down_what_is_missing_and_keeps_processes_in_the_leaf(v2: Path) -> None:
    cgroups.create("node-x", v2)
    assert (v2 / "cgroup.subtree_control").read_text() == "+cpuset +pids"
    assert (v2 / "node-x/cgroup.subtree_control").read_text() == "+cpu +cpuset +memory +pids"
    cgroups.join("node-x", 42, v2)
    assert (v2 / "node-x/node/cgroup.procs").read_text() == "42"
    assert not (v2 / "node-x/cgroup.procs").exists()


def test_v2_names_a_controller_that_the_kernel_does_not_give(v2: Path) -> None:
    (v2 / "cgroup.controllers").write_text("cpu memory pids\n")
    with pytest.raises(ClusterError, match=r"controllers cpuset are not in"):
        cgroups.create("node-x", v2)


def test_v2_says_why_a_controller_cannot_be_handed_down(v2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_path: Path, _text: str) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "write_text", busy)
    with pytest.raises(ClusterError, match=r"\+cpuset \+pids in .*cgroup.subtree_control: Device or resource busy"):
        cgroups.create("node-x", v2)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_removal_takes_all_below_and_nothing_beside(version: str, tmp_path: Path) -> None:
    hierarchies = [tmp_path / name for name in ("cpu", "memory")] if version == "v1" else [tmp_path]
    if version == "v2":
        (tmp_path / "cgroup.controllers").touch()
    for hierarchy in hierarchies:
        for folder in ("node-x/node", "node-x/kubepods/burstable/pod1", "node-xy/node"):
            (hierarchy / folder).mkdir(parents=True)
        (hierarchy / "cgroup.procs").touch()
    assert cgroups.exists("node-x", tmp_path)
    cgroups.remove("node-x", tmp_path)
    cgroups.remove("node-x", tmp_path)
    assert not cgroups.exists("node-x", tmp_path)
    assert cgroups.exists("node-xy", tmp_path)


def test_removal_names_what_is_still_in_use(v1: Path) -> None:
    (v1 / "memory/node-x").mkdir()
    (v1 / "memory/node-x/cgroup.procs").touch()  # a folder with a file cannot be removed, like one with a process
    with pytest.raises(ClusterError, match=r"memory/node-x: still in use"):
        cgroups.remove("node-x", v1, patience=0)
