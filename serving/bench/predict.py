"""What dynamic batching gains: `python3 -m bench.predict`, the same model with and without it, in one server, in turns.

The model is an ONNX perceptron of random weights (4 layers of 2048, 64 MiB: about what a tabular or recommendation
model is), one row a request, sent as binary data. A client asks again as soon as it is answered.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autoglm_serving.model import manifest
from bench.load import percentile

SIDES = ("alone", "batched")
MAX_BATCH = 32
MAX_LATENCY_MS = 5
START_SECONDS = 300.0


@dataclass(frozen=True)
class Turn:
    """Of one side in one round; `latencies` are in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def throughput(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.predict", description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32], help="clients at the same time")
    parser.add_argument("--seconds", type=float, default=5.0, help="of one turn (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the server (default: %(default)s)")
    parser.add_argument("--width", type=int, default=2048, help="of a layer (default: %(default)s)")
    parser.add_argument("--layers", type=int, default=4, help="default: %(default)s")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for side in SIDES:
            _make(work / "models" / side / "1", options.width, options.layers, batched=side == "batched")
        process, port = _start(work, options.threads)
        try:
            for clients in options.clients:
                _report(clients, asyncio.run(_rounds(port, clients, options)))
        finally:
            process.terminate()
            process.wait()


def _report(clients: int, turns: dict[str, list[Turn]]) -> None:
    print(f"\n{clients} clients   requests/s   (each round)           P50 ms    P95 ms")
    medians = {}
    for side, done in turns.items():
        medians[side] = statistics.median(turn.throughput for turn in done)
        latencies = [latency * 1000 for turn in done for latency in turn.latencies]
        each = " ".join(f"{turn.throughput:.0f}" for turn in done)
        p50, p95 = percentile(latencies, 0.5), percentile(latencies, 0.95)
        print(f"{side:10} {medians[side]:12.1f}   ({each:20})  {p50:8.1f}  {p95:8.1f}")
    print(f"batched / alone: {medians['batched'] / medians['alone']:.2f}x")


async def _rounds(port: int, clients: int, options: argparse.Namespace) -> dict[str, list[Turn]]:
    turns: dict[str, list[Turn]] = {side: [] for side in SIDES}
    for side in SIDES:  # the first turn pays for what is set up lazily
        await _turn(port, side, clients, 0.5, options.width)
    for _ in range(options.rounds):
        for side in SIDES:
            turns[side].append(await _turn(port, side, clients, options.seconds, options.width))
    return turns


async def _turn(port: int, side: str, clients: int, seconds: float, width: int) -> Turn:
    began = time.monotonic()
    end = began + seconds
    done = await asyncio.gather(*[_client(port, _request(side, width), end) for _ in range(clients)])
    return Turn(time.monotonic() - began, [latency for one in done for latency in one])


async def _client(port: int, request: bytes, end: float) -> list[float]:
    """Bare sockets: a client library would be what is measured. Raises RuntimeError for an answer that is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    while (began := time.monotonic()) < end:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"{head!r} {body!r}")
        latencies.append(time.monotonic() - began)
    writer.close()
    return latencies


def _request(side: str, width: int) -> bytes:
    row = np.linspace(-1, 1, width, dtype=np.float32).tobytes()
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, width], "parameters": {"binary_data_size": len(row)}}
    body = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    head = (
        f"POST /v2/models/{side}/infer HTTP/1.1\r\nHost: bench\r\nContent-Type: application/octet-stream\r\n"
        f"Inference-Header-Content-Length: {len(body)}\r\nContent-Length: {len(body) + len(row)}\r\n\r\n"
    )
    return head.encode() + body + row


def _make(folder: Path, width: int, layers: int, *, batched: bool) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    numbers = np.random.default_rng(0)
    nodes, weights = [], []
    for layer in range(layers):
        weight = numbers.standard_normal((width, width), np.float32) / np.float32(np.sqrt(width))
        weights.append(numpy_helper.from_array(weight, f"w{layer}"))
        nodes.append(helper.make_node("MatMul", [f"h{layer}" if layer else "x", f"w{layer}"], [f"m{layer}"]))
        nodes.append(helper.make_node("Relu", [f"m{layer}"], ["y" if layer == layers - 1 else f"h{layer + 1}"]))
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", width]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "perceptron", tensors[:1], tensors[1:], weights)
    folder.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, str(folder / "model.onnx"))
    batching = {"max_batch_size": MAX_BATCH, "max_latency_ms": MAX_LATENCY_MS}
    settings = {"dynamic_batching": batching} if batched else {}
    (folder / "model-settings.json").write_text(json.dumps(settings))
    manifest.write(folder)


def _start(work: Path, threads: int) -> tuple[subprocess.Popen[bytes], int]:
    argv = [
        *(sys.executable, "-m", "autoglm_serving", "serve", "--predict-repository", str(work / "models")),
        *("--host", "127.0.0.1", "--port", "0", "--threads", str(threads)),
    ]
    log = work / "log"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(argv, stdout=log.open("wb"), stderr=subprocess.STDOUT, env=environment)  # noqa: S603
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        events = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        ready = {e["model"] for e in events if e["event"] == "model state" and e["state"] == "active"}
        ports = [e["port"] for e in events if e["event"] == "listening"]
        if ports and ready >= set(SIDES):
            return process, ports[0]
        time.sleep(0.2)
    process.kill()
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


if __name__ == "__main__":
    main()
