"""`pulumi preview` of a region through the real engine, beside a trivial program with as many resources and the same
plugins: `python bench/preview.py`. In turns, in one run; medians, and their ratio beside what is allowed."""

import argparse
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
        f"opts = pulumi.ResourceOptions(provider={provider})\n"
        'within = pulumi.ResourceOptions(provider=k8s.Provider("k", kubeconfig="/none"))\n'
        f"for name in map('cloud-{{}}'.format, range({counts[plugin]})):\n    {resource}\n"
        f"for name in map('object-{{}}'.format, range({counts['kubernetes']})):\n"
        '    k8s.core.v1.ConfigMap(name, metadata={"name": name}, data={"key": name}, opts=within)\n'
        'random.RandomPassword("one", length=48, opts=pulumi.ResourceOptions(provider=random.Provider("r")))\n'
        f"for name in map('part-{{}}'.format, range({counts['open-autoglm']})):\n"
        "    pulumi.ComponentResource('trial:index:Part', name)\n"
    )
    return made


def seconds(project: Project) -> float:
    began = time.perf_counter()
    project.run("preview", "--json").ok()
    return time.perf_counter() - began


def compare(folder: Path, stack: str, turns: int) -> bool:
    region = Region(folder / "region", stack, plugins=(*PLUGINS, STACKS[stack][0]))
    counts = Counter(step.type.partition(":")[0] for step in region.plan())
    floor = trivial(folder / "floor", stack, counts)
    seconds(floor)
    pairs = [(seconds(region), seconds(floor)) for _ in range(turns)]
    one, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"{stack:28} {counts.total():4} resources  region {one:5.2f} s  floor {other:5.2f} s  "
        f"ratio {one / other:.2f} of {ALLOWED} allowed",
        flush=True,
    )
    return one / other <= ALLOWED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as folder:
        good = [compare(Path(folder) / stack, stack, turns) for stack in STACKS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
