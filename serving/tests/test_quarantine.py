"""The quarantine: counts by digest, the file that outlives the process, the engine behind it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoglm_serving.engine.base import (
    Aborted,
    EngineDead,
    EngineStats,
    Failure,
    FinishReason,
    Images,
    Output,
    Prompt,
    QueueFull,
    Request,
    RequestFailed,
    SamplingParams,
    Token,
)
from autoglm_serving.quarantine.guard import GuardedEngine, digest_of
from autoglm_serving.quarantine.journal import Journal
from autoglm_serving.quarantine.ledger import REMEMBERED, Ledger, Quarantined


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class ScriptedEngine:
    """Answers each request with the outputs it is told to; what is not told stays open."""

    def __init__(self, *outputs: Output, refusal: Exception | None = None) -> None:
        self.outputs = outputs
        self.refusal = refusal

    def submit(self, request: Request) -> "ScriptedEngine":
        if self.refusal:
            raise self.refusal
        for output in self.outputs:
            request.listener(output)
        return self

    def cancel(self) -> None:
        """As a ticket."""

    def alive(self) -> bool:
        return True

    def stats(self) -> EngineStats:
        return EngineStats(running=0, waiting=0, cached_tokens=0, capacity_tokens=0)

    def stop(self) -> None:
        """Nothing to end."""


CRASH = Failure(error=RequestFailed("it broke"))
END = Token(token_id=1, finish_reason=FinishReason.STOP)


def request(*tokens: int, seed: int = 0, images: Images | None = None) -> Request:
    return Request(
        prompt=Prompt(token_ids=list(tokens), images=images),
        sampling=SamplingParams(max_tokens=1, seed=seed),
        listener=lambda output: None,
    )


def image(digest: bytes) -> Images:
    return Images(pixel_values=np.zeros((1, 1)), grid_thw=np.ones((1, 3)), spans=((0, 1),), digests=(digest,))


def ledger(path: Path | None = None, **changes: Any) -> Ledger:
    options = {"crashes": 3, "seconds": 600.0, "clock": Clock(), **changes}
    return Ledger(**options, journal=Journal(path, most_bytes=2000))


def die(kept: Ledger) -> None:
    """As the process's death does: the lock goes, the file stays as it is."""
    file = kept._journal._file
    assert file is not None
    os.close(file)


def test_a_request_that_crashed_three_times_is_refused_and_no_other_one():
    guarded = GuardedEngine(ScriptedEngine(CRASH), ledger())
    for _ in range(3):
        guarded.submit(request(1, 2))
    with pytest.raises(Quarantined, match="crashed the engine 3 times"):
        guarded.submit(request(1, 2))
    guarded.submit(request(1, 2, seed=1))
    guarded.submit(request(1, 2, 3))


def test_what_ends_in_another_way_is_no_crash():
    for outputs in ((END,), (Failure(error=Aborted("stop")),), (Failure(error=QueueFull("full")),), ()):
        kept = ledger()
        for _ in range(5):
            GuardedEngine(ScriptedEngine(*outputs), kept).submit(request(1)).cancel()
    refusing = GuardedEngine(ScriptedEngine(refusal=RequestFailed("too long")), ledger())
    for _ in range(5):
        with pytest.raises(RequestFailed):
            refusing.submit(request(1))


def test_requests_open_when_the_engine_dies_are_suspected():
    guarded = GuardedEngine(ScriptedEngine(Failure(error=EngineDead("gone"))), ledger(crashes=1))
    guarded.submit(request(1))
    with pytest.raises(Quarantined):
        guarded.submit(request(1))


def test_copies_that_ran_side_by_side_count_once():
    kept = ledger(crashes=2)
    digest = digest_of(request(1))
    times = [kept.enter(digest) for _ in range(4)]
    for began in times:
        kept.leave(digest, began, crashed=True)
    kept.leave(digest, kept.enter(digest), crashed=True)
    with pytest.raises(Quarantined):
        kept.enter(digest)


def test_the_quarantine_ends_with_its_time():
    clock = Clock()
    kept = ledger(crashes=1, clock=clock)
    kept.leave("a", kept.enter("a"), crashed=True)
    with pytest.raises(Quarantined):
        kept.enter("a")
    clock.now += 600
    kept.enter("a")


def test_the_digest_is_of_tokens_images_and_sampling():
    same = [digest_of(request(1, 2, images=image(b"x"))) for _ in range(2)]
    assert same[0] == same[1]
    others = [request(1, 2), request(1, 2, images=image(b"y")), request(2, 1), request(1, 2, seed=5)]
    assert len({same[0], *map(digest_of, others)}) == 5


def test_what_was_open_when_the_process_died_is_suspected_by_the_next_one(tmp_path: Path):
    path = tmp_path / "quarantine"
    for crashes in range(3):
        kept = ledger(path)
        assert len(kept._crashes.get("killer", ())) == crashes
        kept.enter("killer")
        kept.leave("harmless", kept.enter("harmless"), crashed=False)
        die(kept)
    kept = ledger(path)
    with pytest.raises(Quarantined):
        kept.enter("killer")
    kept.enter("harmless")


def test_what_is_open_when_the_process_is_told_to_end_is_not_suspected(tmp_path: Path):
    path = tmp_path / "quarantine"
    for _ in range(4):
        kept = ledger(path)
        kept.enter("slow")
        kept.close()
        die(kept)
    ledger(path).enter("slow")


def test_the_file_stays_small_and_keeps_what_matters(tmp_path: Path):
    path = tmp_path / "quarantine"
    kept = ledger(path)
    kept.enter("open")
    kept.leave("broken", kept.enter("broken"), crashed=True)
    for number in range(200):
        kept.leave(f"n{number}", kept.enter(f"n{number}"), crashed=False)
        assert path.stat().st_size < 2100
    die(kept)
    assert set(ledger(path)._crashes) == {"open", "broken"}


def test_lines_cut_short_and_strange_ones_are_passed_over(tmp_path: Path):
    path = tmp_path / "quarantine"
    path.write_bytes(b"crash a 1001\ncrash b\nend nobody\nbegin c x\n\xff\xfe\ncrash a 1002\nbegi")
    assert dict(ledger(path)._crashes) == {"a": [1001.0, 1002.0]}


def test_no_more_digests_are_remembered_than_that():
    kept = ledger()
    for number in range(REMEMBERED + 5):
        kept.leave(str(number), kept.enter(str(number)), crashed=True)
    assert len(kept._crashes) <= REMEMBERED


def test_a_file_in_use_and_one_that_is_none_cost_the_file_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "quarantine"
    first = ledger(path)
    second = ledger(path)
    for kept in (first, second, ledger(Path("/dev/full")), ledger(tmp_path / "no" / "folder")):
        for _ in range(3):
            kept.leave("a", kept.enter("a"), crashed=True)
        with pytest.raises(Quarantined):
            kept.enter("a")
    assert caplog.text.count("can't be used") == 3
    assert os.path.getsize(path) > 0
