"""`python -m tools.images build [NAME …]` and `python -m tools.images list`."""

import argparse
import sys

from tools.images.store import build
from tools.images.table import BY_NAME_ONLY, RECIPES
from tools.paths import IMAGES, LOG
from tools.process import ToolError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.images", description="Local images as OCI archives.")
    commands = parser.add_subparsers(dest="command", required=True)
    wanted = commands.add_parser("build", help="build what is not there; prints reference, MB and archive of each")
    wanted.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; those of the dev stack by default"
    )
    commands.add_parser("list", help="the archives that are there, with their MB")
    options = parser.parse_args(arguments)
    if options.command == "list":
        for archive in sorted(IMAGES.glob("*@*.tar")):
            print(f"{archive.stat().st_size / 1e6:8.1f} MB  {archive}")
        return 0
    LOG.mkdir(parents=True, exist_ok=True)
    try:
        names = options.names or [name for name in RECIPES if name not in BY_NAME_ONLY]
        for image in build(names, LOG / "images.log").values():
            print(f"{image.ref}  {image.size / 1e6:.1f} MB  {image.archive}", flush=True)
    except (ValueError, ToolError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
