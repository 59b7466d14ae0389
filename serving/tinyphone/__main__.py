"""`python -m tinyphone {train,evaluate}`, from serving/."""

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

from autoglm_serving.model.tinyphone import SHIPPED
from tinyphone import evaluate, folder
from tinyphone.evaluate import Ask

STEPS = 1600


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tinyphone", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="train a model, or go on from the checkpoint, and write its folder")
    train.add_argument("folder", type=Path, help="folder of the model to write")
    train.add_argument("--checkpoint", type=Path, help="file to keep the state in")
    train.add_argument("--steps", type=int, default=STEPS)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--count", type=int, default=50, help="questions of each task to judge it by (default: 50)")
    judge = commands.add_parser("evaluate", help="hits by task on unseen screens of 1080x2400 pixels")
    judge.add_argument("--model", type=Path, default=SHIPPED, help="folder of the model (default: the shipped one)")
    judge.add_argument("--url", help="ask a server at this base URL (http://host:port/v1) instead")
    judge.add_argument("--count", type=int, default=100, help="questions of each task (default: 100)")
    arguments = parser.parse_args(argv)
    return _train(arguments) if arguments.command == "train" else _evaluate(arguments)


def _train(arguments: argparse.Namespace) -> int:
    from tinyphone import local, train

    options = train.Options(steps=arguments.steps, seed=arguments.seed, checkpoint=arguments.checkpoint)
    net = train.run(options, sys.stdout)
    made: dict[str, object] = {
        "command": f"python -m tinyphone train FOLDER --steps {options.steps} --seed {options.seed}",
        "torch": version("torch"),
        "transformers": version("transformers"),
    }
    folder.write(net.model, arguments.folder, made)
    score = evaluate.evaluate(local.asker(arguments.folder), arguments.count)
    folder.write(net.model, arguments.folder, made | {"asked": arguments.count, "right": score.shares()})
    print(json.dumps(score.shares()))
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    score = evaluate.evaluate(_asker(arguments), arguments.count)
    for wrong in score.wrong:
        print(wrong, file=sys.stderr)
    print(json.dumps({"count": arguments.count, "right": score.shares()}))
    return 0


def _asker(arguments: argparse.Namespace) -> Ask:
    if arguments.url:
        from tinyphone import agent

        return agent.asker(arguments.url)
    from tinyphone import local

    return local.asker(arguments.model)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
