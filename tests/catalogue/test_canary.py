"""A canary through the real Envoy: weights from the rollout, the candidate beside the stable version in each server."""

import itertools
import json
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from autoglm_catalogue import folder as folders
from autoglm_catalogue.driver import Driver, RolloutFailed
from autoglm_catalogue.judge import Checks
from autoglm_catalogue.plan import Canary, Plan

from components import envoy_traffic
from tests.catalogue.fleet import SECONDS
from tests.harness import envoy, volume
from tests.harness.waiting import until

pytestmark = pytest.mark.integration
CLIENTS = 4


class Canaries:
    """A gateway before a server with version 1, and rollouts whose weights it follows."""

    def __init__(self, fleet, gateway, traffic):
        self.fleet, self.gateway, self.traffic = fleet, gateway, traffic
        self.said, self.error, self.weights, self.statuses = [], None, [], Counter()

    def weigh(self, candidate):
        self.weights.append(candidate)
        volume.write(self.traffic, envoy_traffic.shares(candidate))

    def run(self, version, **changes):
        """Rolls out under steady traffic through the gateway."""
        found = folders.read(self.fleet.folder / version)
        plan = Plan(
            model=self.fleet.model,
            version=version,
            source=str(self.fleet.folder / version),
            sha256=found.sha256,
            size=found.size,
            ready_seconds=SECONDS,
            check_seconds=0.3,
            observe_seconds=1,
            canary=Canary(steps=(25, 50, 100), step_seconds=2, checks=Checks(least_requests=5, p95_ratio=3)),
        )
        rolling = threading.Thread(target=self._drive, args=(replace(plan, **changes),))
        rolling.start()
        numbers = itertools.count()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for client in [clients.submit(self._ask, numbers, rolling.is_alive) for _ in range(CLIENTS)]:
                client.result()
        rolling.join()
        return self.error

    def _ask(self, numbers, go_on):
        while go_on():
            message = {"role": "user", "content": f"Tap {next(numbers)}."}
            body = json.dumps({"messages": [message], "max_tokens": 4}).encode()
            self.statuses[self.gateway.ask("POST", "/v1/chat/completions", body).status] += 1

    def _drive(self, plan):
        with self.fleet.etcd.connect() as connection:
            try:
                Driver(connection, plan, self.said.append, self.weigh).run()
            except RolloutFailed as error:
                self.error = str(error)


@pytest.fixture
def canaries(fleet, tmp_path):
    fleet.version("1")
    fleet.serve(1)
    assert fleet.rolled_out("1")[0] == 0
    fleet.wait(v1="active")
    port, traffic = fleet.servers[0].port, tmp_path / "traffic"
    volume.write(traffic, envoy_traffic.shares(0))
    with envoy.gateway(
        tmp_path, port, candidate_host="127.0.0.1", candidate_port=port, traffic_folder=str(traffic)
    ) as gateway:
        yield Canaries(fleet, gateway, traffic)


def test_a_good_version_is_stepped_up_and_becomes_active(canaries):
    canaries.fleet.version("2")
    assert canaries.run("2") is None, canaries.said
    assert canaries.weights == [25, 50, 0]
    assert canaries.fleet.active() == "2"
    assert set(canaries.statuses) == {200}
    tried = [re.match(r"version 2: (\d+) requests, 0 failed", line) for line in canaries.said]
    assert [int(found[1]) >= 5 for found in tried if found][:2] == [True, True], canaries.said


def test_a_version_that_breaks_requests_goes_back_after_three_checks_and_its_share_is_served_again(canaries):
    canaries.fleet.version("2", fails=1.0)
    error = canaries.run("2")
    assert "version 2 of" in error and "requests failed" in error
    assert sum("check failed" in line for line in canaries.said) == 3
    assert canaries.weights == [25, 0]
    assert canaries.fleet.active() == "1"
    assert canaries.fleet.keys().versions["2"].state == "failed"
    assert canaries.statuses[500] < canaries.statuses[200], "a quarter of the requests met it"
    until(lambda: canaries.fleet.servers[0].states() == {"1": "active"}, "version 1 is left alone")
    volume.write(canaries.traffic, envoy_traffic.shares(100))
    asked = [canaries.gateway.ask("POST", "/v1/chat/completions", b'{"messages": [{"role": "user", "content": "x"}]}')]
    assert {answer.status for answer in asked} == {200}, "no candidate: the active version answers for it"


def test_a_version_that_is_slow_beside_the_stable_one_goes_back(canaries):
    canaries.fleet.version("2", step=0.1)
    error = canaries.run("2")
    assert "P95 is" in error and "for the stable version: more than 3 times" in error
    assert set(canaries.statuses) == {200}
    assert canaries.fleet.active() == "1"
