"""Settings of nodes that serve models, as one shell script that applies them at boot or checks them later. Pure."""

import base64
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

OLDEST_DRIVER = "535.104"  # what the model server's CUDA asks for
FOLDER = "/etc/autoglm"
SCRIPT = "node_setup.sh"
_MIG_MODE = "mig_mode.sh"
_MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Nccl:
    """How the cards of a server talk: environment of its pods, since they see no file of the node.

    https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html
    """

    debug: str = "WARN"
    p2p_level: str | None = None
    socket_interface: str | None = None
    infiniband: bool = True


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """`max_files`: open files of the whole node; `open_files`: of each process of a container. `tcp_buffer`: bytes, of
    a connection at most. `huge_pages`: of 2 MiB, kept free for who asks. `io_scheduler`: of disks that don't spin."""

    somaxconn: int = 65535
    max_files: int = 2_097_152
    open_files: int = 1_048_576
    tcp_buffer: int = 16 * _MIB
    bbr: bool = True
    huge_pages: int = 0
    io_scheduler: str | None = "none"
    read_ahead_kib: int = 1024
    nccl: Nccl = field(default_factory=Nccl)


@dataclass(frozen=True, kw_only=True)
class Slices:
    """MIG slices that each card of a node is cut into."""

    profile: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """A setting as the script reads it: see its head for the kinds."""

    kind: str
    target: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.value}"


def rows(asked: Tuning, *, gpus: bool = True, slices: Slices | None = None) -> list[Row]:
    """In the order in which the kernel takes them. `gpus`: whether the node has cards, and so a driver."""
    return [*_network(asked), *_files(asked), *_memory(asked), *_disks(asked), *_limits(asked), *_cards(gpus, slices)]


def cutting(slices: Slices | None) -> list[Row]:
    """MIG slices alone."""
    return list(_cards(False, slices))


def script(settings: list[Row]) -> str:
    """A POSIX shell script of three modes: apply, check, install."""
    text = "\n".join(str(row) for row in settings)
    mode = _text(_MIG_MODE) if any(row.kind == "mig" for row in settings) else ""
    return f"#!/bin/sh\nsettings={shlex.quote(text)}\n{mode}{_text(SCRIPT)}"


def user_data(settings: list[Row]) -> str:
    """What a cloud runs once when a node starts: it leaves the script behind, for each boot after that.

    Clouds join it to scripts of their own, so it changes no option of the shell that reads it.
    """
    return (
        f"#!/bin/sh\nmkdir -p {FOLDER}\ncat >{FOLDER}/{SCRIPT} <<'AUTOGLM'\n{script(settings)}AUTOGLM\n"
        f"sh {FOLDER}/{SCRIPT} install\n"
    )


def encoded(text: str) -> str:
    """As clouds take it."""
    return base64.b64encode(text.encode()).decode()


def encoded_user_data(settings: tuple[Row, ...]) -> str | None:
    """None where there is nothing to set."""
    return encoded(user_data(list(settings))) if settings else None


def nccl_environment(asked: Nccl) -> dict[str, str]:
    told = {"NCCL_DEBUG": asked.debug}
    if asked.p2p_level:
        told["NCCL_P2P_LEVEL"] = asked.p2p_level
    if asked.socket_interface:
        told["NCCL_SOCKET_IFNAME"] = asked.socket_interface
    if not asked.infiniband:
        told["NCCL_IB_DISABLE"] = "1"
    return told


def _network(asked: Tuning) -> Iterator[Row]:
    """New network namespaces take the congestion control and the buffers over from the node's; somaxconn is each
    one's own, 4,096 in a pod's: https://docs.kernel.org/networking/ip-sysctl.html"""
    yield Row(kind="least", target="net/core/somaxconn", value=str(asked.somaxconn))
    yield Row(kind="least", target="net/ipv4/tcp_max_syn_backlog", value=str(asked.somaxconn))
    for name in ("rmem", "wmem"):
        yield Row(kind="least", target=f"net/core/{name}_max", value=str(asked.tcp_buffer))
    yield Row(kind="exact", target="net/ipv4/tcp_rmem", value=f"4096 131072 {asked.tcp_buffer}")
    yield Row(kind="exact", target="net/ipv4/tcp_wmem", value=f"4096 65536 {asked.tcp_buffer}")
    yield Row(kind="exact", target="net/ipv4/tcp_slow_start_after_idle", value="0")  # a stream pauses between tokens
    if asked.bbr:
        yield Row(kind="exact", target="net/core/default_qdisc", value="fq")
        yield Row(kind="exact", target="net/ipv4/tcp_congestion_control", value="bbr")


def _files(asked: Tuning) -> Iterator[Row]:
    yield Row(kind="least", target="fs/file-max", value=str(asked.max_files))
    yield Row(kind="least", target="fs/nr_open", value=str(asked.open_files))
    yield Row(kind="least", target="fs/inotify/max_user_instances", value="8192")
    yield Row(kind="least", target="fs/inotify/max_user_watches", value="524288")


def _memory(asked: Tuning) -> Iterator[Row]:
    yield Row(kind="exact", target="vm/swappiness", value="0")  # a server that swaps answers nobody in time
    yield Row(kind="least", target="vm/max_map_count", value="262144")
    if asked.huge_pages:
        yield Row(kind="least", target="vm/nr_hugepages", value=str(asked.huge_pages))
    # Programs that gain by them ask; for the others they cost memory and stalls.
    yield Row(kind="choice", target="kernel/mm/transparent_hugepage/enabled", value="madvise")


def _disks(asked: Tuning) -> Iterator[Row]:
    if asked.io_scheduler:
        yield Row(kind="blocks", target="scheduler", value=asked.io_scheduler)
    yield Row(kind="blocks", target="read_ahead_kb", value=str(asked.read_ahead_kib))  # weights are read in one go


def _limits(asked: Tuning) -> Iterator[Row]:
    yield Row(kind="limit", target="nofile", value=str(asked.open_files))
    yield Row(kind="limit", target="memlock", value="unlimited")  # NCCL pins the memory that cards write to


def _cards(gpus: bool, slices: Slices | None) -> Iterator[Row]:
    if gpus:
        yield Row(kind="driver", target=OLDEST_DRIVER, value="")
    if slices:
        yield Row(kind="mig", target=slices.profile, value=str(slices.count))


@cache
def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text()
