"""`pulumi preview` of a region through the real engine, beside a trivial program with as many resources and providers
and the same plugins: `python bench/preview.py`. In turns, in one run; medians, and their ratio beside what is allowed.

The engine starts a plugin for each provider, one after the other: the floor has as many, of which the second of a cloud
has no resources. Processor time of the engine and all that it starts stands beside, since others disturb it less."""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.harness.engine import PLUGINS, Project
from tests.harness.regions import Region

ALLOWED = 1.3  # of the engine's floor
QUOTED = '"p"'  # the provider's name
SMALL = {  # plugin -> its module, and its cheapest resource
    "random": ("pulumi_random", "pulumi_random.RandomPassword(name, length=48, opts=opts)"),
    "tls": ("pulumi_tls", 'pulumi_tls.PrivateKey(name, algorithm="ED25519", opts=opts)'),
}
STACKS = {  # stack -> its plugin, how it is made, and its cheapest resource
    "aws-us-west-2": ("aws", 'pulumi_aws.Provider("p", region="us-west-2")', "pulumi_aws.ec2.Eip(name, opts=opts)"),
    "alicloud-ap-southeast-1": (
        "alicloud",
        'pulumi_alicloud.Provider("p", region="ap-southeast-1")',
        "pulumi_alicloud.ecs.EipAddress(name, opts=opts)",
    ),
    "tencentcloud-ap-singapore": (
        "tencentcloud",
        'tencentcloud_iac_pulumi.Provider("p", region="ap-singapore")',
        "tencentcloud_iac_pulumi.eip.Instance(name, opts=opts)",
    ),
}


def trivial(folder: Path, stack: str, counts: Counter[str]) -> Project:
    """As many resources of each package, none of which waits for another."""
    plugin, provider, resource = STACKS[stack]
    made = Project(folder, plugins=(*PLUGINS, plugin))
    made.write(
        f"import {provider.partition('.')[0]}\n"
        f"for name in map('other-{{}}'.format, range({counts[f'pulumi:providers:{plugin}'] - 1})):\n"
        f"    {provider.replace(QUOTED, 'name')}\n"
        f"opts = pulumi.ResourceOptions(provider={provider})\n"
        'within = pulumi.ResourceOptions(provider=k8s.Provider("k", kubeconfig="/none"))\n'
        f"for name in map('cloud-{{}}'.format, range({counts[plugin]})):\n    {resource}\n"
        f"for name in map('object-{{}}'.format, range({counts['kubernetes']})):\n"
        '    k8s.core.v1.ConfigMap(name, metadata={"name": name}, data={"key": name}, opts=within)\n'
        f"{_small(counts)}"
        f"for name in map('part-{{}}'.format, range({counts['open-autoglm']})):\n"
        "    pulumi.ComponentResource('open-autoglm:trial:Part', name)\n"
    )
    return made


def _small(counts: Counter[str]) -> str:
    """Keys and passwords, with a provider of each kind that the region has."""
    text = ""
    for plugin, (module, made) in SMALL.items():
        if counts[f"pulumi:providers:{plugin}"]:
            text += f'import {module}\nopts = pulumi.ResourceOptions(provider={module}.Provider("{plugin}"))\n'
            text += f"for name in map('{plugin}-{{}}'.format, range({counts[plugin]})):\n    {made}\n"
    return text


def counted(project: Project) -> Counter[str]:
    """Resources by package, and providers by type."""
    text = project.run("preview", "--json").ok()
    states = (step.get("newState") or step["oldState"] for step in json.loads(text[text.index("{") :])["steps"])
    types = [str(state["type"]) for state in states]
    return Counter(kind if kind.startswith("pulumi:") else kind.partition(":")[0] for kind in types)


def seconds(project: Project) -> tuple[float, float]:
    """By the clock, and of processors."""
    began, before = time.perf_counter(), _processor()
    project.run("preview", "--json").ok()
    return time.perf_counter() - began, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(folder: Path, stack: str, turns: int) -> bool:
    region = Region(folder / "region", stack, plugins=(*PLUGINS, STACKS[stack][0]))
    counts = counted(region)
    floor = trivial(folder / "floor", stack, counts)
    if (made := counted(floor)) != counts:
        raise AssertionError(f"{stack}: the floor is no such program: {made - counts}, {counts - made}")
    pairs = [(*seconds(region), *seconds(floor)) for _ in range(turns)]
    one, one_cpu, other, other_cpu = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"{stack:28} {counts.total():4} resources  region {one:5.2f} s  floor {other:5.2f} s  "
        f"ratio {one / other:.2f} of {ALLOWED} allowed  (processor {one_cpu:.2f} s, {other_cpu:.2f} s: "
        f"{one_cpu / other_cpu:.2f})",
        flush=True,
    )
    return bool(one / other <= ALLOWED)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as folder:
        good = [compare(Path(folder) / stack, stack, turns) for stack in STACKS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
