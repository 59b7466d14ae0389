"""The server on a small machine: `python -m bench.edge MODEL [--root IMAGE]`, as root on Linux.

Starts it in a control group of half a CPU and 512 MB, asks it for text and for a screenshot's answer, and prints start,
first tokens and memory. Exit code 1: it was killed for memory, or did not answer. With `--root`, the folder that an
image was unpacked to, it runs from there, and pays for its own file pages.
"""

import argparse
import base64
import contextlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import load, prompts
from bench.confinement import Group, group

MIB = 1024 * 1024
START_SECONDS = 600
PACKAGE_ROOT = Path(__file__).resolve().parent.parent
STAYS = ("Anonymous", "Pss")
"""What the kernel can't take back, and that with this process's part of the file pages."""

CHROOT = """
set -e
mkdir -p "$2/srv"
mount --bind "$1" "$2/srv" && mount --bind /dev "$2/dev"
mount -t tmpfs none "$2/tmp" && mount -t proc none "$2/proc"
root=$2 chroot=$(command -v chroot)
shift 2
export PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONPATH=/opt/autoglm/lib:/opt/autoglm/app LANG=C.UTF-8
exec "$chroot" "$root" "$@"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    with group(cpus=options.cpus, memory_bytes=options.memory * MIB) as held, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        began = time.monotonic()
        with _server(options, held, log) as process:
            port = _port(process, log)
            print(f"limits: {options.cpus} CPU, {options.memory} MiB")
            print(f"listening after {time.monotonic() - began:.1f} s")
            url = f"http://127.0.0.1:{port}/v1"
            for name, image in (("text", None), ("text", None), ("1080x2400 screenshot", _screenshot())):
                body = prompts.body("autoglm-phone-9b", "Tap the red button.", 32, image=image, ignore_eos=True)
                (stream,) = load.run(url, [body])
                rate = (stream.tokens - 1) / (stream.ended - stream.chunks[0])
                print(f"{name}: first token {stream.first_token:.2f} s, then {rate:.1f} tokens/s")
            for name, size in _memory(process.pid).items():
                print(f"{name}: {size / MIB:.0f} MiB")
        print(f"charged at most: {held.peak_bytes() / MIB:.0f} MiB; throttled {held.throttled_seconds():.1f} s")
        print(f"killed for memory: {held.kills()}")
        return 1 if held.kills() else 0


@contextlib.contextmanager
def _server(options: argparse.Namespace, held: Group, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    # In a container the server sees its share of CPU, and sizes its threads by it.
    serve = ["serve", "--host=127.0.0.1", "--port=0", f"--threads={math.ceil(options.cpus)}"]
    serve += [f"--max-model-len={options.max_model_len}", *options.flag]
    if options.root:
        _forget_pages(options.root)
        program = ["unshare", "--mount", "--propagation", "private", "sh", "-c", CHROOT, "sh"]
        program += [str(options.model.resolve()), str(options.root.resolve()), "python3"]
        model = Path("/srv")
    else:
        program, model = [sys.executable], options.model
    argv = [*program, "-m", "autoglm_serving", *serve, f"--model={model}"]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own words
            argv, stdout=output, stderr=subprocess.STDOUT, preexec_fn=held.enter, env=_environment()
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _forget_pages(root: Path) -> None:
    """What is in the page cache already would be charged to nobody."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return int(json.loads(line)["port"])
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start (exit code {process.returncode}):\n{log.read_text()[-4000:]}")


def _memory(pid: int) -> dict[str, int]:
    """Bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {words[0].rstrip(":"): int(words[1]) * 1024 for line in lines if len(words := line.split()) == 3}
    return {name: found[name] for name in STAYS}


def _screenshot() -> str:
    """Of one colour with some boxes, as a data URL."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (1080, 2400), "white")
    for row in range(12):
        ImageDraw.Draw(image).rectangle((60, 200 * row + 30, 1020, 200 * row + 150), fill=(20 * row, 90, 200))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.edge", description=__doc__)
    parser.add_argument("model", type=Path, help="folder of the model")
    parser.add_argument("--cpus", type=float, default=0.5)
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--max-model-len", type=int, default=8192)
    parser.add_argument("--root", type=Path, help="folder of an unpacked image")
    parser.add_argument(
        "--flag", action="append", default=[], help="a further flag of serve, as --flag=--max-num-seqs=1"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
