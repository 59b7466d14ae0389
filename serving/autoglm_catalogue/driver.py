"""Brings a declared version to `active`: ready everywhere, step by step, switched, watched; or back, and why."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from autoglm_catalogue import judge, promotion, records
from autoglm_catalogue.fleet import Fleet
from autoglm_catalogue.plan import Plan
from autoglm_catalogue.records import Rollout, State, VersionRecord
from autoglm_catalogue.store import Store
from autoglm_etcd.connection import Connection, EtcdError
from autoglm_etcd.keys import Keys
from autoglm_etcd.lease import Lease

T = TypeVar("T")
LEASE_SECONDS = 15
"""When this program dies, its canary gets no more requests after so long, and servers unload it."""
_POLL = 0.5
_EXTRA = 2
"""Times a step's length that it waits for requests to judge by."""


class RolloutFailed(Exception):
    """The fleet serves what it served before; the message says why."""


class RolloutLost(Exception):
    """It lost its lease, or its region is no longer promoted: servers drop the version. It may be run again."""


class _Setback(Exception):
    """The version must not go on."""


class Driver:
    """For one rollout. `say` is told each step; `weigh` sets the per cent of requests that the gateway marks for the
    candidate, and may raise OSError."""

    def __init__(
        self, connection: Connection, plan: Plan, say: Callable[[str], None], weigh: Callable[[int], None] | None = None
    ) -> None:
        """Raises ValueError."""
        records.checked_version(plan.version)
        self._connection, self._plan, self._say, self._weigh = connection, plan, say, weigh
        self._lost = threading.Event()
        self._until = time.monotonic() + plan.ready_seconds
        self._stable = ""

    def run(self) -> None:
        """Blocks until the version is active. Raises RolloutFailed; RolloutLost, or EtcdError when the fleet's state is
        unknown."""
        self._store = Store(self._connection, self._plan.model, self._allowed(self._fence))
        lease = Lease(self._connection, LEASE_SECONDS, on_loss=self._lost.set)
        try:
            if not self._take(lease):
                return
            try:
                self._declare()
                self._wait_until_ready()
                self._canary()
                self._switch()
                self._give(0)
                self._observe()
            except _Setback as reason:
                self._back(str(reason))
                self._take_back()
                raise RolloutFailed(
                    f"version {self._plan.version} of {self._plan.model} is rolled back: {reason}"
                ) from None
        finally:
            lease.close()

    def _allowed(self, act: Callable[[], T]) -> T:
        """A cluster that was just made has no quorum yet, or this user has no rights yet."""
        while True:
            try:
                return act()
            except EtcdError as error:
                if time.monotonic() > self._until:
                    raise
                self._say(f"waits for etcd: {error}")
            time.sleep(_POLL)

    def _fence(self) -> promotion.Promotion:
        seen = promotion.current(Keys(self._connection))
        if self._plan.region and seen.region and seen.region != self._plan.region:
            raise RolloutFailed(
                f"region {seen.region} is promoted, with token {seen.token}, and this is {self._plan.region}:"
                " promote it first, or roll out there"
            )
        return seen

    def _take(self, lease: Lease) -> bool:
        """False when there is nothing to do."""
        plan = self._plan
        for fleet in self._looks():
            self._stable = fleet.active.version if fleet.active else ""
            if self._stable == plan.version and fleet.rollout is None:
                self._check_same(fleet)
                return False
            if self._store.take(Rollout(version=plan.version, previous=self._stable), lease):
                return True
            busy = fleet.rollout.version if fleet.rollout else "?"
            if time.monotonic() > self._until:
                raise RolloutFailed(
                    f"another rollout of {plan.model}, to version {busy}, is under way: wait for its end"
                )
        return False

    def _check_same(self, fleet: Fleet) -> None:
        plan, record = self._plan, fleet.versions.get(self._plan.version)
        if record and record.sha256 != plan.sha256:
            raise RolloutFailed(
                f"version {plan.version} of {plan.model} is active with SHA-256 {record.sha256}, and {plan.source} has"
                f" {plan.sha256}: give changed files a new version"
            )
        self._say(f"version {plan.version} of {plan.model} is active already")

    def _declare(self) -> None:
        plan, earlier = self._plan, self._store.read().versions.get(self._plan.version)
        attempt = earlier.attempt + (earlier.state is State.FAILED) if earlier else 1
        self._until = time.monotonic() + plan.ready_seconds
        record = VersionRecord(sha256=plan.sha256, size=plan.size, source=plan.source, attempt=attempt)
        self._hold(self._store.declare(plan.version, record))
        self._say(f"version {plan.version} of {plan.model} is declared; active is {self._stable or 'none'}")

    def _wait_until_ready(self) -> None:
        said, loading = "", False
        for fleet in self._looks():
            found = judge.readiness(fleet, self._plan.version, self._plan.at_least)
            if found.failed:
                raise _Setback(found.failed)
            if found.loading and not loading:
                loading = True
                record = replace(fleet.versions[self._plan.version], state=State.LOADING)
                self._hold(self._store.declare(self._plan.version, record))
            if not found.waits:
                record = replace(fleet.versions[self._plan.version], state=State.READY)
                self._hold(self._store.declare(self._plan.version, record))
                return
            if found.waits != said:
                said = found.waits
                self._say(said)
            if time.monotonic() > self._until:
                raise _Setback(f"not ready within {self._plan.ready_seconds:.0f} s: {found.waits}")

    def _canary(self) -> None:
        if not self._stable:
            return  # there is nothing to be compared with, and nobody is served yet
        for weight in self._plan.canary.steps[:-1]:
            self._give(weight)
            self._say(f"{weight}% of new requests go to version {self._plan.version}")
            self._watch_over(self._plan.canary.step_seconds, compare=True)

    def _give(self, weight: int) -> None:
        """The catalogue has the weight that shall be; the gateway follows."""
        rollout = Rollout(version=self._plan.version, previous=self._stable, weight=weight)
        self._hold(self._store.weigh(rollout))
        if self._weigh is None:
            return
        try:
            self._weigh(weight)
        except OSError as error:
            raise _Setback(f"the gateway's weights can't be written: {error}") from error

    def _take_back(self) -> None:
        """Servers have unloaded it: what the gateway still marks for the candidate gets the active version."""
        if self._weigh is not None:
            try:
                self._weigh(0)
            except OSError as error:
                self._say(f"the gateway's weights can't be written: {error}; its requests get the active version")

    def _switch(self) -> None:
        until = time.monotonic() + self._plan.ready_seconds
        for fleet in self._looks():
            found = judge.readiness(fleet, self._plan.version, self._plan.at_least)
            if found.failed:
                raise _Setback(found.failed)
            if not found.waits:
                self._store.switch(fleet, self._plan.version, found.ready)
                fleet = self._store.read()
            if fleet.active and fleet.active.version == self._plan.version:
                self._say(f"version {self._plan.version} of {self._plan.model} is active")
                return
            if time.monotonic() > until:
                raise _Setback(found.waits or "the replicas changed at each look")

    def _observe(self) -> None:
        if not self._stable:
            return  # nothing to go back to
        self._watch_over(self._plan.observe_seconds, compare=False)
        fleet = self._store.read()
        self._hold(self._store.retire(fleet, self._stable, f"replaced by version {self._plan.version}"))

    def _watch_over(self, seconds: float, *, compare: bool) -> None:
        """Raises _Setback after so many failed checks in a row. Without one check that could tell, it lasts longer: the
        gateway learns of its weights up to a minute later, and there may be few requests."""
        plan, end, faults, proofs = self._plan, time.monotonic() + seconds, 0, 0
        first = before = self._store.read()
        looked = time.monotonic()
        for fleet in self._looks():
            now = time.monotonic()
            if now - looked >= min(plan.check_seconds, seconds):
                looked = now
                fault = self._fault(before, fleet, compare=compare)
                if fault:
                    faults += 1
                    self._say(f"check failed, {faults} of {plan.canary.failures}: {fault}")
                    if faults >= plan.canary.failures:
                        raise _Setback(fault)
                elif fault is not None:
                    faults = 0
                if fault is not None:
                    before, proofs = fleet, proofs + 1
            if now >= end and not faults and (proofs or not compare or now >= end + _EXTRA * seconds):
                self._say(f"version {plan.version}: {fleet.since(first, plan.version)}")
                return

    def _fault(self, before: Fleet, fleet: Fleet, *, compare: bool) -> str | None:
        """Empty when all is well, None when there is too little to tell."""
        plan = self._plan
        found = judge.readiness(fleet, plan.version, plan.at_least)
        if found.failed or not found.enough:
            return found.failed or found.waits
        stable = fleet.since(before, self._stable) if compare else None
        return judge.fault(fleet.since(before, plan.version), stable, plan.canary.checks)

    def _back(self, reason: str) -> None:
        self._hold(self._store.give_up(self._store.read(), self._plan.version, reason))
        self._say(f"rolled back to version {self._stable or 'none'}: {reason}")

    def _hold(self, done: bool) -> None:
        if not done:
            raise RolloutLost(
                f"version {self._plan.version} of {self._plan.model}: this rollout lost its lease or its region's"
                " promotion, so servers drop the version; run it again"
            )

    def _looks(self) -> Iterator[Fleet]:
        """The fleet, every half second."""
        while True:
            self._hold(not self._lost.is_set())
            yield self._store.read()
            self._lost.wait(_POLL)
