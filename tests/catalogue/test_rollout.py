"""A version's way to `active` on real servers and a real etcd: declared, loaded beside, switched, rolled back."""

import hashlib
import http.client
import json
from contextlib import closing

import pytest

from tests.harness.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
def two(fleet):
    """Two servers on version 1."""
    fleet.version("1")
    fleet.serve(2)
    assert not any(server.request("GET", "/ready")[0] == 200 for server in fleet.servers)
    code, said = fleet.rolled_out("1")
    assert code == 0, said
    fleet.wait(v1="active")
    return fleet


def test_a_new_version_becomes_active_everywhere_and_no_stream_is_cut(two):
    server = two.servers[0]
    body = {"messages": [{"role": "user", "content": "go"}], "max_tokens": 4000, "stream": True, "ignore_eos": True}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)) as connection:
        connection.request("POST", "/v1/chat/completions", body=json.dumps(body))
        stream = connection.getresponse()
        assert stream.readline().startswith(b"data:")
        two.version("2")
        rolling, statuses = two.rollout("2"), []
        while rolling.poll() is None:
            statuses += [one.ask() for one in two.servers]
        said, _ = rolling.communicate()
        assert rolling.returncode == 0, said
        two.wait(v2="active")
        rest = stream.read()
    assert b'"finish_reason":"length"' in rest and rest.endswith(b"data: [DONE]\n\n")
    assert rest.count(b'"content"') > 3500, "all but the ends between its numbers"
    assert set(statuses) == {200}
    found = two.keys()
    assert (found.active.version, found.active.previous, found.rollout) == ("2", "1", None)
    assert {name: str(one.state) for name, one in found.versions.items()} == {"1": "retired", "2": "ready"}
    sums = (two.folder / "2" / "SHA256SUMS").read_bytes()
    assert found.versions["2"].sha256 == hashlib.sha256(sums).hexdigest()
    until(lambda: two.servers[0].states() == {"2": "active"}, "the first server holds version 2 alone")
    assert two.rolled_out("2")[0] == 0, "nothing to do"


def test_a_version_that_can_not_be_loaded_is_rolled_back_counted_and_tried_again_when_asked(two):
    folder = two.version("2", refuses="its weights are of another shape")
    code, said = two.rolled_out("2")
    assert code == 1
    assert "its weights are of another shape" in said
    assert two.active() == "1"
    assert two.keys().versions["2"].state == "failed"
    until(lambda: all(server.states() == {"1": "active"} for server in two.servers), "version 1 is left alone")
    until(lambda: all(server.metric("autoglm:model_rollbacks_total") >= 1 for server in two.servers), "all count it")
    assert {server.ask() for server in two.servers} == {200}
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    two.version("2")
    assert two.rolled_out("2")[0] == 0
    two.wait(v2="active")


def test_a_flipped_byte_is_found_before_the_switch(two):
    folder = two.version("2")
    content = bytearray((folder / "behaviour.json").read_bytes())
    content[5] ^= 1
    (folder / "behaviour.json").write_bytes(content)
    code, said = two.rolled_out("2")
    assert code == 1 and "behaviour.json is damaged" in said, said
    assert two.active() == "1"


def test_a_version_that_breaks_requests_after_the_switch_is_rolled_back_everywhere(two):
    two.version("2", fails=1.0)
    rolling = two.rollout("2", "--observe-seconds=60", "--least-requests=4")
    while rolling.poll() is None:
        for server in two.servers:
            server.ask()
    said = rolling.communicate()[0]
    assert rolling.returncode == 1, said
    assert "is active" in said and "rolled back to version 1" in said
    two.wait(v1="active")
    assert {server.ask() for server in two.servers} == {200}
    until(lambda: all(server.metric("autoglm:model_rollbacks_total") >= 1 for server in two.servers), "all count it")


def test_too_few_replicas_are_not_enough(two):
    two.version("2")
    code, said = two.rolled_out("2", "--at-least=3", "--ready-seconds=3")
    assert code == 1 and "2 of 3 replicas are ready with it; 2 live" in said, said
    assert two.active() == "1"


def test_a_replica_that_ends_is_no_longer_waited_for(two):
    leaving = two.servers.pop()
    assert two.end(leaving) == 0
    two.wait_for_replicas(1)
    two.servers[0].process.kill()
    two.servers[0].process.wait()
    two.wait_for_replicas(0)
