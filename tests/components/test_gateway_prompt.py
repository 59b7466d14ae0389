"""Affinity for clients that say no session: by how a conversation's first prompt begins (T2)."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from components.envoy_affinity import SESSION, Affinity
from components.envoy_prompt import HEADER
from tests.components.test_gateway_tokens import TRUSTED, claims, issuer
from tests.harness import envoy
from tests.harness.envoy import Gateway, Upstream
from tests.harness.waiting import until

pytestmark = pytest.mark.integration

CHAT = "/v1/chat/completions"
TASKS = 40  # that a server gets none of them by chance is as likely as one in a million
SCREENSHOT = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBO" * 100}}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Upstream, ...]]:
    with ExitStack() as held:
        yield tuple(held.enter_context(Upstream().running()) for _ in range(3))


@pytest.fixture(scope="module")
def gateway(servers: tuple[Upstream, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    first, *others = (server.port for server in servers)
    folder = tmp_path_factory.mktemp("gateway")
    with envoy.gateway(folder, first, others=others, affinity=Affinity.PROMPT) as made:
        there = 'membership_healthy{envoy_cluster_name="serving"} 3\n'
        until(lambda: there in made.metrics("/metrics").body.decode(), "three healthy servers")
        yield made


def turn(task: str, number: int, image: dict[str, Any] = SCREENSHOT) -> bytes:
    """The body of a phone agent's request: a screenshot before the text, and none in the turns before this one."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": 'You say "role":"user", "text": "nothing" ' * 50}]
    for step in range(number):
        text = {"type": "text", "text": task if step == 0 else f"screen {step}"}
        messages.append({"role": "user", "content": [image, text] if step == number - 1 else [text]})
        messages.append({"role": "assistant", "content": f"do(action={step})"})
    return json.dumps({"model": "m", "messages": messages[:-1], "stream": True}).encode()


def asked(
    gateway: Gateway, servers: tuple[Upstream, ...], body: bytes, path: str = CHAT, **headers: str
) -> tuple[int, str | None]:
    """Number of the server that one request went to, and what it was told of the prompt."""
    before = [len(server.seen) for server in servers]
    assert gateway.ask("POST", path, body=body, **headers).status == 200
    (found,) = (number for number, server in enumerate(servers) if len(server.seen) > before[number])
    return found, servers[found].seen[-1][1].get(HEADER)


def test_the_turns_of_a_task_go_to_one_server_and_tasks_to_all(gateway: Gateway, servers: tuple[Upstream, ...]) -> None:
    places = set()
    for number in range(TASKS):
        task = f'open "app {number}" \\ 打开微信'
        (place,) = {asked(gateway, servers, turn(task, step)) for step in (1, 2, 7)}
        places.add(place)
    assert {server for server, _ in places} == {0, 1, 2}
    assert len({told for _, told in places}) == TASKS


def test_a_screenshot_of_megabytes_is_passed_over(gateway: Gateway, servers: tuple[Upstream, ...]) -> None:
    large = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBO" * 3_000_000}}
    assert asked(gateway, servers, turn("pay", 1, large)) == asked(gateway, servers, turn("pay", 2))


def test_a_plain_text_and_a_list_of_one_are_the_same(gateway: Gateway, servers: tuple[Upstream, ...]) -> None:
    plain = [{"role": "user", "content": "open maps"}, {"role": "assistant", "content": [{"text": "yes"}]}]
    parts = [{"role": "user", "content": [{"type": "text", "text": "open maps"}]}]
    packed = json.dumps({"messages": plain}, separators=(",", ":")).encode()
    spaced = json.dumps({"messages": parts}, indent=2).encode()
    assert asked(gateway, servers, packed) == asked(gateway, servers, spaced)


def test_a_session_comes_first(gateway: Gateway, servers: tuple[Upstream, ...]) -> None:
    found = {asked(gateway, servers, turn(f"task {n}", 1), **{SESSION: "one"}) for n in range(6)}
    assert len(found) == 1 and found.pop()[1] is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"prompt": "complete me"}',
        b'"role"',
        b'{"role": "user"',
        b'{"role": "user", "content": [{"text": 1}]}',
        b'"role"' * 64 + b'"role":"user","content":"not followed so far"',
        b'"role"' * 2_000_000,
        b'{"role": "user",' + b'"text"' * 2_000_000,
        bytes(range(256)) * 100,
    ],
    ids=["nothing", "no chat", "a mark alone", "cut off", "no text", "far", "marks", "texts", "noise"],
)
def test_what_has_no_prompt_goes_by_its_client(gateway: Gateway, servers: tuple[Upstream, ...], body: bytes) -> None:
    found = {asked(gateway, servers, body, **{HEADER: forged}) for forged in ("a", "b", "c", "d")}
    assert found == {asked(gateway, servers, b"{}")} and found.pop()[1] is None


def test_a_conversation_that_is_not_sent_whole_goes_by_its_client(
    gateway: Gateway, servers: tuple[Upstream, ...]
) -> None:
    turns = [{"input": [{"role": "user", "content": f"turn {number}"}]} for number in range(6)]
    found = {asked(gateway, servers, json.dumps(one).encode(), path="/v1/responses") for one in turns}
    assert found == {asked(gateway, servers, b"{}")}


def test_a_text_that_ends_in_its_escape_is_no_fault(gateway: Gateway, servers: tuple[Upstream, ...]) -> None:
    told = {asked(gateway, servers, b'{"role":"user","content":"' + b"a" * length + b"\\")[1] for length in (1, 511)}
    assert len(told) == 2 and None not in told


def test_a_token_s_client_keeps_its_name(tmp_path: Path, upstream: Upstream) -> None:
    """Another look for a route would find none by the token, which is not passed on."""
    with envoy.gateway(tmp_path, upstream.port, affinity=Affinity.PROMPT, issuers=(issuer(),)) as gateway:
        token = TRUSTED.token(claims(sub="ada"))
        assert gateway.ask("POST", CHAT, body=turn("open maps", 1), key=token).status == 200
    ((_, headers),) = upstream.seen
    assert headers["x-autoglm-client"].endswith("|ada") and headers[HEADER]


def test_no_prompt_is_in_the_log(tmp_path: Path, upstream: Upstream) -> None:
    with envoy.gateway(tmp_path, upstream.port, affinity=Affinity.PROMPT) as gateway:
        assert gateway.ask("POST", "/v1/chat/completions", body=turn("a secret task", 1)).status == 200
        assert gateway.access_log()
        assert "secret task" not in gateway.log.read_text() and "script" not in gateway.log.read_text()
