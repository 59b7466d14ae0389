"""The life of `serve --engine vllm`: verify, start vLLM, wait until it answers, watch it, drain it."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from autoglm_serving import __version__, logs
from autoglm_serving.errors import SettingsError
from autoglm_serving.model import folder
from autoglm_serving.server import KEEP_ALIVE_SECONDS, SIGNALS
from autoglm_serving.settings import ServeSettings
from autoglm_serving.vllm import front, install, nodes, shape
from autoglm_serving.vllm.environment import child_environment
from autoglm_serving.vllm.flags import Flag, command_line, flags
from autoglm_serving.vllm.process import Child

LOOK_SECONDS = 0.25
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  not a place for files


def run(settings: ServeSettings) -> int:
    """Serve until a signal. Returns the exit code; raises ServingError before vLLM is started."""
    logs.configure(settings.log_level)
    model = settings.model
    if model is None:
        raise SettingsError("--model is missing: --engine vllm serves one folder, and watches no repository")
    if settings.predict_repository is not None:
        raise SettingsError(
            f"--predict-repository: {settings.predict_repository} can't be served by --engine vllm;"
            " start a second server with that flag and without --model"
        )
    settings = _with_port(settings)
    environment = child_environment(settings, os.environ, KEEP_ALIVE_SECONDS)
    vllm = install.needed(settings)
    node = nodes.this_node(settings, os.environ)
    report = folder.check(model)
    logs.info("model verified", folder=str(model), bytes=report.bytes)
    card = install.card(settings, vllm)
    found = flags(settings, shape.read(model), card, shm_bytes=_shared_memory())
    found += nodes.flags(settings, node)
    if not vllm.cpu and node.answers:
        found.append(Flag(name="api-server-count", value="1", reason="open requests are counted in one process"))
    for flag in found:
        logs.info("vllm flag", flag=flag.name, value=flag.value, reason=flag.reason)
    work = Path(tempfile.mkdtemp(prefix="autoglm-vllm-"))
    try:
        environment[front.VARIABLE] = _front(settings, work / "drain").model_dump_json()
        argv = [*vllm.command, *command_line(found)]
        if node.count > 1 and settings.distributed_executor_backend == "ray":
            ray = nodes.ray_command(node, str(vllm.python))
            argv = _head_of_ray(ray, environment, argv) if node.answers else ray
        logs.info("engine", engine="vllm", version=vllm.version, card=card.name if card else "CPU", server=__version__)
        return Watch(settings, work / "drain").run(lambda: Child(argv, environment), answers=node.answers)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class Watch:
    """Waits for vLLM's answers, its end, or a signal."""

    def __init__(self, settings: ServeSettings, drain_file: Path) -> None:
        self._host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  a comparison
        self._port = settings.port
        self._timeout = settings.shutdown_timeout
        self._drain_file = drain_file
        self._signalled = threading.Event()
        self._child: Child | None = None

    def run(self, start: Callable[[], Child], *, answers: bool) -> int:
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        began = time.monotonic()
        self._child = child = start()
        listening = not answers
        while not self._signalled.wait(LOOK_SECONDS):
            if (code := child.exit_code()) is not None:
                logs.error("vllm ended by itself: see its last lines", exit_code=code)
                child.end()
                return 1
            if not listening and self.open_requests() is not None:
                listening = True
                seconds = round(time.monotonic() - began, 3)
                logs.info("listening", host=self._host, port=self._port, seconds=seconds)
        if listening and answers:
            self._drain(child)
        child.end()
        logs.info("stopped")
        return 0

    def open_requests(self) -> int | None:
        """As /ready tells; None while nobody answers."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=10)
        try:
            connection.request("GET", "/ready")
            told = connection.getresponse().getheader(front.OPEN_REQUESTS)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return None if told is None else int(told)

    def _drain(self, child: Child) -> None:
        self._drain_file.touch()
        deadline = time.monotonic() + self._timeout
        opened = self.open_requests()
        logs.info("draining", open_requests=opened, timeout_seconds=self._timeout)
        while opened and child.exit_code() is None:
            if time.monotonic() >= deadline:
                logs.warning("drain timed out: open requests are ended", open_requests=opened)
                return
            time.sleep(LOOK_SECONDS)
            opened = self.open_requests()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._signalled.is_set():
            logs.warning("second signal: leaving at once")
            if self._child is not None:
                self._child.kill()
            os._exit(128 + number)
        self._signalled.set()


def _head_of_ray(command: list[str], environment: dict[str, str], argv: list[str]) -> list[str]:
    """Start Ray's head here, before vLLM; it waits for the other nodes' GPUs itself. Raises SettingsError."""
    try:
        subprocess.run(command, env=environment, check=True)  # noqa: S603  our own words
    except (OSError, subprocess.CalledProcessError) as error:
        raise SettingsError(
            f"--distributed-executor-backend: 'ray' can't start: {error}; install ray beside vLLM, or use mp"
        ) from error
    return argv


def _front(settings: ServeSettings, drain_file: Path) -> front.FrontSettings:
    return front.FrontSettings(
        drain_file=drain_file,
        max_open=settings.max_num_seqs + settings.max_num_waiting,
        max_body_bytes=settings.max_body_bytes,
        step_timeout=settings.step_timeout,
        log_level=settings.log_level,
    )


def _with_port(settings: ServeSettings) -> ServeSettings:
    """With --port 0, a port that is free now: vLLM doesn't tell which one it would take."""
    if settings.port:
        return settings
    with socket.create_server((settings.host, 0)) as free:
        return settings.model_copy(update={"port": free.getsockname()[1]})


def _shared_memory() -> int:
    """Bytes; 0 without /dev/shm."""
    try:
        return shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        return 0
