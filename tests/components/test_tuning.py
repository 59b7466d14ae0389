"""Settings of nodes: one script that applies them, and says what is not in force (F5)."""

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from components.aws import user_data
from components.platform import tuning
from components.platform.tuning import Nccl, Row, Slices, Tuning

ROWS = tuning.rows(Tuning(huge_pages=512))
_SHELL = shutil.which("dash") or "/bin/sh"
_DISKS = {"nvme0n1": ("[mq-deadline] none", "0", True), "sda": ("[bfq] none", "1", True), "loop0": ("[x]", "0", False)}


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host's /proc/sys and /sys, with the values that a kernel comes with."""
    for row in ROWS:
        if row.kind in ("least", "exact"):
            write(tmp_path / "proc/sys" / row.target, "128" if row.kind == "least" else "none yet")
    write(tmp_path / "proc/sys/fs/file-max", str(2**63 - 1))
    write(tmp_path / "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never")
    write(tmp_path / "sys/module/nvidia/version", "570.86.15")
    for name, (scheduler, spins, real) in _DISKS.items():
        folder = tmp_path / "sys/block" / name
        for file, text in (("scheduler", scheduler), ("rotational", spins), ("read_ahead_kb", "128")):
            write(folder / "queue" / file, text)
        if real:
            (folder / "device").mkdir()
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def run(mode: str, host: Path | str, rows: list[Row] = ROWS) -> tuple[int, str]:
    """The script, but for the limits of the shell that runs it, which are the machine's."""
    text = tuning.script([row for row in rows if row.kind != "limit"])
    done = subprocess.run(
        [_SHELL, "-s", mode, str(host)], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_node_as_it_comes_is_told_of_line_by_line(host: Path) -> None:
    code, text = run("check", host)
    assert code == 1
    assert "not in force: net/core/somaxconn is 128, not 65535 or more" in text
    assert "not in force: net/ipv4/tcp_congestion_control is none yet, not bbr" in text
    assert "not in force: block/nvme0n1/queue/scheduler is [mq-deadline] none, not none" in text
    assert "driver" not in text and "file-max" not in text and "sda" not in text and "loop0" not in text


def test_applied_all_is_in_force_and_what_was_better_stays(host: Path) -> None:
    """A file of the kernel's shows all choices; here one shows what was written, so it is put in brackets."""
    write(host / "proc/sys/fs/nr_open", "1073741816")
    run("apply", host)
    for path in (*host.glob("sys/block/nvme*/queue/scheduler"), host / "sys/kernel/mm/transparent_hugepage/enabled"):
        path.write_text(f"[{path.read_text().strip()}] other\n")
    assert run("check", host) == (0, "")
    assert (host / "proc/sys/net/ipv4/tcp_rmem").read_text() == "4096 131072 16777216\n"
    assert (host / "proc/sys/fs/nr_open").read_text() == "1073741816\n"
    assert (host / "proc/sys/fs/file-max").read_text() == f"{2**63 - 1}\n"
    assert (host / "sys/block/sda/queue/scheduler").read_text() == "[bfq] none\n", "a spinning disk keeps its own"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("535.104", ""),
        ("535.104.05", ""),
        ("1000.1", ""),
        ("535.54.03", "not in force: NVIDIA's driver is 535.54.03, not 535.104 or later\n"),
        ("470.239.06", "not in force: NVIDIA's driver is 470.239.06, not 535.104 or later\n"),
        (None, "not in force: NVIDIA's driver is missing, not 535.104 or later\n"),
    ],
)
def test_an_old_driver_is_told_of(host: Path, version: str | None, told: str) -> None:
    path = host / "sys/module/nvidia/version"
    path.unlink() if version is None else write(path, version)
    assert run("check", host, [row for row in ROWS if row.kind == "driver"]) == (1 if told else 0, told)


@pytest.mark.integration
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="a network namespace takes root")
def test_the_kernel_takes_the_network_s_settings() -> None:
    """In a namespace of its own: the machine's settings stay as they are."""
    own = ("net/core/somaxconn", "net/ipv4/tcp_rmem", "net/ipv4/tcp_wmem", "net/ipv4/tcp_slow_start_after_idle")
    script = tuning.script([row for row in ROWS if row.target in own])
    here = Path("/proc/sys/net/ipv4/tcp_rmem").read_text()
    for mode, code in (("check", 1), ("apply", 0)):
        done = subprocess.run(
            ["unshare", "--net", _SHELL, "-s", mode], input=script, text=True, timeout=60, check=False
        )
        assert done.returncode == code
    assert Path("/proc/sys/net/ipv4/tcp_rmem").read_text() == here


def test_user_data_leaves_the_script_behind_for_each_boot() -> None:
    text = tuning.user_data(ROWS)
    assert len(text) < 16 * 1024, "clouds take no more"
    assert subprocess.run([_SHELL, "-n"], input=text, text=True, check=False).returncode == 0
    inner = text.partition("<<'AUTOGLM'\n")[2].partition("\nAUTOGLM\n")[0]
    assert inner + "\n" == tuning.script(ROWS)
    assert base64.b64decode(tuning.encoded_user_data(tuple(ROWS)) or "").decode() == text
    assert tuning.encoded_user_data(()) is None


def test_slices_are_cut_where_nothing_else_is_set() -> None:
    assert [str(row) for row in tuning.cutting(Slices(profile="3g.40gb", count=2))] == ["mig 3g.40gb 2"]
    assert tuning.cutting(None) == []


def test_amazon_linux_takes_a_part_of_a_message_and_bottlerocket_the_kernel_s_settings() -> None:
    message = user_data.mime(ROWS)
    assert message.startswith("MIME-Version: 1.0\n") and message.count("--==AUTOGLM==") == 2
    toml = user_data.toml(ROWS)
    assert '"net.ipv4.tcp_congestion_control" = "bbr"' in toml and "scheduler" not in toml


def test_nccl_is_told_what_the_file_says_and_no_more() -> None:
    assert tuning.nccl_environment(Nccl()) == {"NCCL_DEBUG": "WARN"}
    asked = Nccl(debug="INFO", p2p_level="NVL", socket_interface="eth0", infiniband=False)
    assert tuning.nccl_environment(asked) == {
        "NCCL_DEBUG": "INFO",
        "NCCL_P2P_LEVEL": "NVL",
        "NCCL_SOCKET_IFNAME": "eth0",
        "NCCL_IB_DISABLE": "1",
    }
