"""The real kube-scheduler on 10, 100 and 1,000 simulated GPU nodes, its rate and memory: `python bench/scheduling.py`.

Nodes and pods come from region files (tests/scheduling/fleet.py); every pod's node is checked by the region's rules.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.harness import apiserver, scheduler
from tests.harness.scheduler import Cluster
from tests.scheduling import fleet

# A hundredth of the nodes by group, and pods that leave a few places free; at ten nodes, one of each at least.
_NODES = {"full": 20, "sliced": 20, "shared": 20, "small": 2, "small-spot": 22, "next": 10, "evaluation-spot": 6}
_PODS = {"large": 40, "sliced": 318, "shared": 158, "ranked": 32, "evaluation": 12}
_WAIT = 3600.0


def counts(nodes: int) -> tuple[dict[str, int], dict[str, int]]:
    """Nodes by group and pods by workload; ten pods a node where the cards allow it."""
    made = {group: max(1, share * nodes // 100) for group, share in _NODES.items()}
    asked = {workload: max(1, share * nodes // 100) for workload, share in _PODS.items()}
    asked["sliced"] += max(0, 10 * nodes - sum(asked.values()))
    made["sliced"] = max(made["sliced"], -(-asked["sliced"] // 16))
    return made, asked


def measure(nodes: int) -> str:
    groups, workloads = counts(nodes)
    with tempfile.TemporaryDirectory() as folder, apiserver.running(Path(folder), controllers=False) as server:
        cluster = Cluster(server)
        known = {node["metadata"]["name"]: node for node in fleet.nodes(groups)}
        cluster.add_nodes(known.values())
        with scheduler.running(server, Path(folder)) as process:
            started = time.monotonic()
            for workload, count in workloads.items():
                cluster.add_pods(fleet.servers(workload, count))
            added = time.monotonic() - started
            pods = cluster.bound(sum(workloads.values()), within=_WAIT)
            taken = time.monotonic() - started
            memory = {name: _mib(pid) for name, pid in {**server.pids(), "kube-scheduler": process.pid}.items()}
    problems = Counter(text for pod in pods for text in fleet.wrong(pod, known[pod["spec"]["nodeName"]]))
    if problems:
        raise SystemExit(f"{sum(problems.values())} pods are not where the rules say: {problems.most_common(3)}")
    sizes = ", ".join(f"{name} {size:.0f}" for name, size in memory.items())
    return (
        f"{len(known):5} nodes {len(pods):6} pods, all where the rules say: {len(pods) / taken:5.0f} pods/s"
        f" ({taken:.1f} s, of which {added:.1f} s until the last was asked for); MiB: {sizes}"
    )


def _mib(pid: int) -> float:
    """Resident at its highest."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", nargs="*", type=int, default=[10, 100, 1000])
    for nodes in parser.parse_args().nodes:
        print(measure(nodes), flush=True)


if __name__ == "__main__":
    main()
