"""The servers that are compared: how each is started, on the same model and the same number of threads."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import venvs

SERVING = Path(__file__).resolve().parents[1]
NAME = "bench"
"""The model's name for the servers that can be told one."""

START_SECONDS = 1800.0
STOP_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """`max_num_seqs`: streams at the same time. `flags` are added to our own server's."""

    model: Path
    work: Path
    """A new folder for logs and caches: a peer's compiled kernels are part of its cold start."""
    threads: int
    max_num_seqs: int
    max_model_len: int
    kv_gib: int
    flags: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Side:
    """`command` takes a job and a port. `ready`: what answers once the model does. `ignores_eos`: whether it knows
    the field `ignore_eos`."""

    name: str
    command: Callable[[Job, int], list[str]]
    environment: Callable[[Job], Mapping[str, str]]
    ready: str
    ignores_eos: bool = True
    model_name: Callable[[Job], str] = lambda job: NAME


def _ours(job: Job, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "autoglm_serving", "serve", "--model", str(job.model), "--served-model-name", NAME),
        *("--host", "127.0.0.1", "--port", str(port), "--threads", str(job.threads), "--device", "cpu"),
        *("--max-num-seqs", str(job.max_num_seqs), "--max-model-len", str(job.max_model_len), *job.flags),
    ]


def _vllm(job: Job, port: int) -> list[str]:
    # Not `vllm serve`: it asks for the package's version under the name `vllm`, which the CPU build does not have.
    return [
        *(str(venvs.ensure(venvs.VLLM)), "-m", "vllm.entrypoints.openai.api_server", "--model", str(job.model)),
        *("--served-model-name", NAME, "--host", "127.0.0.1", "--port", str(port), "--dtype", "bfloat16"),
        *("--max-num-seqs", str(job.max_num_seqs), "--max-model-len", str(job.max_model_len)),
        *("--chat-template-content-format", "string", "--limit-mm-per-prompt", '{"image": 10, "video": 0}'),
        *("--disable-uvicorn-access-log",),
    ]


def _transformers(job: Job, port: int) -> list[str]:
    python = venvs.ensure(venvs.TRANSFORMERS)
    return [
        *(str(python.with_name("transformers")), "serve", str(job.model), "--device", "cpu", "--dtype", "bfloat16"),
        *("--continuous-batching", "--host", "127.0.0.1", "--port", str(port)),
    ]


def _threads(job: Job) -> dict[str, str]:
    return {"OMP_NUM_THREADS": str(job.threads), "HF_HUB_OFFLINE": "1"}


def _vllm_environment(job: Job) -> dict[str, str]:
    openmp = venvs.VLLM.folder / "lib" / "libiomp5.so"
    return {
        "LD_PRELOAD": str(openmp),  # what its start asks for, for best performance
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[: job.threads]),
        "VLLM_CPU_KVCACHE_SPACE": str(job.kv_gib),
        "VLLM_CACHE_ROOT": str(job.work / "vllm-cache"),
        "TORCHINDUCTOR_CACHE_DIR": str(job.work / "vllm-inductor"),
        "VLLM_NO_USAGE_STATS": "1",
    }


OURS = Side(name="ours", command=_ours, environment=_threads, ready="/ready")
VLLM = Side(name="vllm", command=_vllm, environment=_vllm_environment, ready="/health")
TRANSFORMERS = Side(
    name="transformers",
    command=_transformers,
    environment=_threads,
    ready="/health",
    ignores_eos=False,
    model_name=lambda job: str(job.model),
)
SIDES = {side.name: side for side in (OURS, VLLM, TRANSFORMERS)}


@dataclass
class Server:
    side: Side
    job: Job
    process: subprocess.Popen[bytes]
    url: str
    """Ends in /v1."""
    log: Path

    @property
    def model(self) -> str:
        return self.side.model_name(self.job)

    def pids(self) -> list[int]:
        """The process and all that descend from it."""
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def pause(self) -> None:
        """While another side is measured: a peer that polls when idle would take a core."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def pss_bytes(self) -> int:
        """Memory of all its processes, what they share counted once. Needs /proc/PID/smaps_rollup."""
        total = 0
        for pid in self.pids():
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
        return total

    def stop(self) -> None:
        self.resume()
        pids = self.pids()
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def _signal(self, number: int) -> None:
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def started(side: Side, job: Job) -> Iterator[Server]:
    """A server that answers; it is ended with the context. Raises RuntimeError with the end of its log."""
    job.work.mkdir(parents=True, exist_ok=True)
    log = job.work / f"{side.name}.log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(SERVING) if side is OURS else ""} | dict(side.environment(job))
    command = side.command(job, port)
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)  # noqa: S603
    server = Server(side=side, job=job, process=process, url=f"http://127.0.0.1:{port}/v1", log=log)
    try:
        _wait(server)
        yield server
    finally:
        server.stop()


def _wait(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    address = server.url.removesuffix("/v1") + server.side.ready
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=10).close()  # noqa: S310  loopback
        except OSError:  # nobody listens, or an answer that is an error
            time.sleep(0.05)
        else:
            return
    end = server.log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{server.side.name} does not answer; the end of {server.log}:\n{end}")
