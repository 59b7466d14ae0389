"""A canary's weights at the gateway: the real Envoy, whose weights change while 200 streams are open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from components import envoy_traffic
from components.envoy_affinity import Affinity
from tests.harness import envoy, volume
from tests.harness.envoy import Gateway, Upstream
from tests.harness.waiting import until

STREAMS = 200


@pytest.fixture
def candidate() -> Iterator[Upstream]:
    with Upstream().running() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "traffic"
    volume.write(made, envoy_traffic.shares(0))
    return made


@pytest.fixture
def gateway(tmp_path: Path, folder: Path, upstream: Upstream, candidate: Upstream) -> Iterator[Gateway]:
    with envoy.gateway(
        tmp_path, upstream.port, candidate_host="127.0.0.1", candidate_port=candidate.port, traffic_folder=str(folder)
    ) as made:
        yield made


def tracks(*upstreams: Upstream) -> Counter[str]:
    """How many requests each version got since the last count."""
    found = Counter(str(headers["x-autoglm-track"]) for one in upstreams for _, headers in one.seen)
    for one in upstreams:
        one.seen.clear()
    return found


def wait_for(gateway: Gateway, track: str, upstreams: tuple[Upstream, ...]) -> None:
    """Until five requests in a row go to one version."""

    def there() -> bool:
        for _ in range(5):
            gateway.ask("GET", "/v1/models")
        return set(tracks(*upstreams)) == {track}

    until(there, f"traffic goes to {track}")


@pytest.mark.integration
def test_weights_change_under_open_streams(
    gateway: Gateway, folder: Path, upstream: Upstream, candidate: Upstream
) -> None:
    both = (upstream, candidate)
    wait_for(gateway, "stable", both)
    upstream.respond = envoy.stream(upstream)
    with ExitStack() as held:
        open_ones = [held.enter_context(gateway.open_stream()) for _ in range(STREAMS)]
        assert all(answer.readline() == b"data: first\n" for answer in open_ones)
        tracks(*both)

        volume.write(folder, envoy_traffic.shares(100))
        upstream.respond = None
        wait_for(gateway, "candidate", both)
        assert {headers["x-autoglm-track"] for _, headers in candidate.seen} <= {"candidate"}

        volume.write(folder, envoy_traffic.shares(0))
        wait_for(gateway, "stable", both)
        upstream.more.set()
        assert all(answer.read().endswith(b"data: [DONE]\n\n") for answer in open_ones)


@pytest.mark.integration
def test_a_share_is_a_share(gateway: Gateway, folder: Path, upstream: Upstream, candidate: Upstream) -> None:
    volume.write(folder, envoy_traffic.shares(25))
    until(lambda: gateway.ask("GET", "/v1/models") and candidate.seen, "the candidate has a share")
    tracks(upstream, candidate)
    for _ in range(200):
        gateway.ask("GET", "/v1/models", x_autoglm_track="candidate")  # a client does not choose
    found = tracks(upstream, candidate)
    assert found.total() == 200
    assert 20 <= found["candidate"] <= 85  # 50, and five standard deviations


@pytest.mark.integration
def test_a_session_keeps_its_version(tmp_path: Path, folder: Path, upstream: Upstream, candidate: Upstream) -> None:
    volume.write(folder, envoy_traffic.shares(50))
    trial = {"candidate_host": "127.0.0.1", "candidate_port": candidate.port, "traffic_folder": str(folder)}
    with envoy.gateway(tmp_path, upstream.port, affinity=Affinity.SESSION, **trial) as gateway:
        versions = set()
        for session in range(20):
            for _ in range(3):
                assert gateway.ask("GET", "/v1/models", x_session_id=f"phone-{session}").status == 200
            (version,) = tracks(upstream, candidate)
            versions.add(version)
        assert versions == {"stable", "candidate"}


def test_a_share_beyond_all_is_refused() -> None:
    with pytest.raises(ValueError, match="candidate: 101 % is not allowed: use 0 to 100"):
        envoy_traffic.shares(101)
