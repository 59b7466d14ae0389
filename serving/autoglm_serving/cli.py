"""`python3 -m autoglm_serving {serve,fetch,tiny-model,tinyphone,verify,sbom,waiting-room}`.

Torch is imported only where needed."""

import argparse
import difflib
import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from autoglm_serving import __version__, flags
from autoglm_serving.errors import ServingError, SettingsError
from autoglm_serving.settings import ServeSettings

MAX_SEED = 2**63 - 1

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Read by the libraries when they are imported. What a model needs is in its folder, and nothing else is ever asked."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 1 the model or the machine is at fault, 2 the command line is."""
    os.environ.update(OFFLINE)
    try:
        arguments = _parser().parse_args(flags.with_dashes(sys.argv[1:] if argv is None else argv))
        return _COMMANDS[arguments.command](arguments)
    except ServingError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


class _Parser(argparse.ArgumentParser):
    """Names the flag that was probably meant."""

    def error(self, message: str) -> NoReturn:
        known = [option for action in self._actions for option in action.option_strings]
        words = message.rpartition("unrecognized arguments: ")[2].split()
        near = difflib.get_close_matches(words[0].partition("=")[0], known, n=1) if words else []
        hint = f"; did you mean {near[0]}?" if near and "unrecognized" in message else ""
        raise SettingsError(f"{message}{hint}; see `{self.prog} --help`")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        # A sub-command's unknown flags end in the main parser, which doesn't know their neighbours.
        arguments, unknown = self.parse_known_args(args, namespace)
        if unknown:
            commands: argparse.Action = next(a for a in self._actions if a.dest == "command")
            assert isinstance(commands.choices, dict)  # noqa: S101  argparse gives the parsers by name
            commands.choices[arguments.command].error(f"unrecognized arguments: {' '.join(unknown)}")
        return arguments


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="autoglm_serving", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="{serve,fetch,tiny-model,tinyphone,verify,sbom,waiting-room}"
    )

    serve = commands.add_parser(
        "serve",
        allow_abbrev=False,
        help="verify a model folder, load it and answer OpenAI requests",
        description="Verify a model folder, load it and answer OpenAI requests.",
        epilog=f"Each flag can be an environment variable instead: --max-num-seqs is {flags.variable('max_num_seqs')}.",
    )
    flags.add_flags(serve)

    tiny = commands.add_parser(
        "tiny-model",
        help="make a small GLM-4V with random weights",
        description="Make a GLM-4V of about 3 million random weights, with tokenizer, image processor and chat"
        " template: the same bytes for the same seed. A folder that is already there is verified and left alone.",
    )
    tiny.add_argument("folder", type=Path, help="folder to make")
    tiny.add_argument("--seed", default="0", help="what the weights are drawn from (default: 0)")

    _add_fetch(commands)

    phone = commands.add_parser(
        "tinyphone",
        help="put the tiny model that operates a phone into a folder",
        description="Copy the tiny GLM-4V that comes with this package: it taps, types, swipes, goes back and finishes"
        " on simple screens. A folder that is already there is verified and left alone, or brought to this release.",
    )
    phone.add_argument("folder", type=Path, help="folder to make")

    verify = commands.add_parser(
        "verify",
        help="check a model folder against its SHA256SUMS",
        description="Check every file of a model folder against its SHA256SUMS. Exit code 1 names the file at fault.",
    )
    verify.add_argument("folder", type=Path, help="folder of the model")

    sbom = commands.add_parser(
        "sbom",
        help="print what this installation is made of, as CycloneDX",
        description="Print the Python and Debian packages of this installation as a CycloneDX 1.6 document.",
    )
    sbom.add_argument("root", type=Path, nargs="*", default=[Path("/")], help="roots of Debian systems (default: /)")
    _add_waiting_room(commands)
    return parser


def _add_waiting_room(commands: Any) -> None:
    room = commands.add_parser(
        "waiting-room",
        allow_abbrev=False,
        help="hold requests while no model server is there",
        description="Hold requests while no model server is there, and have the gateway send them again once one is."
        " Needs little memory: what is sent is read and dropped, and the gateway keeps its copy.",
    )
    room.add_argument("--upstream-host", required=True, help="name whose addresses are the model servers'")
    for flag, default, text in (
        ("--upstream-port", 8000, "port of the model servers"),
        ("--port", 8000, "port to listen on"),
        ("--places", 100, "requests that may wait at a time"),
        ("--patience", 240, "seconds that one waits at most"),
        ("--settle", 3, "seconds from a server's being ready until the gateway knows"),
        ("--retry-after", 30, "seconds after which one that came in vain should try again"),
    ):
        room.add_argument(flag, type=int, default=default, help=f"{text} (default: {default})")
    room.add_argument("--host", default="0.0.0.0", help="address to listen on (default: 0.0.0.0)")  # noqa: S104


def _add_fetch(commands: Any) -> None:
    fetch = commands.add_parser(
        "fetch",
        allow_abbrev=False,
        help="bring a model from a bucket, a hub, a registry or a volume",
        description="Bring a model's files, verified, into a folder that appears whole or not at all. What was begun is"
        " gone on with; a folder that is there already is left alone; processes that share the folder wait for each"
        " other. Tokens and keys are taken from the environment variables that the source's own tools use.",
    )
    fetch.add_argument(
        "source",
        help="/path, s3://, oss:// or cos://bucket/prefix, hf:// or modelscope://owner/name@revision,"
        " oci://registry/name:tag",
    )
    fetch.add_argument("folder", type=Path, help="folder to make")
    fetch.add_argument("--offline", action="store_true", help="use no network: fail unless the folder is there")
    fetch.add_argument("--verify", action="store_true", help="read a folder that is there, and repair it")
    fetch.add_argument("--sha256", default="", help="what the model's SHA256SUMS must have, which pins every file")
    fetch.add_argument("--connections", default="8", help="ranges that are fetched at the same time (default: 8)")


def _serve(arguments: argparse.Namespace) -> int:
    given = {name: value for name, value in vars(arguments).items() if name in ServeSettings.model_fields}
    settings = flags.serve_settings(given, os.environ)
    from autoglm_serving.vllm.install import chosen

    if chosen(settings) == "vllm":
        from autoglm_serving.vllm.run import run as run_vllm

        return run_vllm(settings)
    from autoglm_serving.server import run

    return run(settings)


def _tiny_model(arguments: argparse.Namespace) -> int:
    if not arguments.seed.isdecimal() or int(arguments.seed) > MAX_SEED:
        raise SettingsError(f"--seed: {arguments.seed!r} is not allowed: use an integer from 0 to {MAX_SEED}")
    from autoglm_serving.model.tiny import make

    print(make(arguments.folder, int(arguments.seed)))
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    if not arguments.connections.isdecimal() or not 1 <= int(arguments.connections) <= 64:
        raise SettingsError(f"--connections: {arguments.connections!r} is not allowed: use an integer from 1 to 64")
    if arguments.sha256 and not re.fullmatch(r"[0-9a-f]{64}", arguments.sha256):
        raise SettingsError(f"--sha256: {arguments.sha256!r} is not allowed: use 64 hexadecimal digits, small letters")
    from autoglm_serving import logs
    from autoglm_serving.sources import download
    from autoglm_serving.sources.fetch import Wish, fetch

    logs.configure("info")
    # As process 1 of a container it would not end otherwise. What has arrived is kept.
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(128 + number))
    wish = Wish(
        offline=arguments.offline,
        verify=arguments.verify,
        sha256=arguments.sha256,
        transfer=download.Options(connections=int(arguments.connections)),
    )
    logs.info(fetch(arguments.source, arguments.folder, wish))
    return 0


def _tinyphone(arguments: argparse.Namespace) -> int:
    from autoglm_serving.model.tinyphone import make

    print(make(arguments.folder))
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from autoglm_serving.model.folder import check

    report = check(arguments.folder)
    print(f"{arguments.folder}: {report.files} files, {report.bytes} bytes, all as in SHA256SUMS")
    return 0


def _sbom(arguments: argparse.Namespace) -> int:
    from autoglm_serving.sbom import document

    print(json.dumps(document(arguments.root), indent=1))
    return 0


def _waiting_room(arguments: argparse.Namespace) -> int:
    from autoglm_serving.waiting_room.run import WaitingRoomSettings, run

    given = {name: value for name, value in vars(arguments).items() if name != "command"}
    return run(WaitingRoomSettings(**given))


_COMMANDS = {
    "fetch": _fetch,
    "sbom": _sbom,
    "serve": _serve,
    "tiny-model": _tiny_model,
    "tinyphone": _tinyphone,
    "verify": _verify,
    "waiting-room": _waiting_room,
}
