"""The API as its clients use it, on a real server process."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import openai
from harness import Server, chat, client_request, data_url, endless, eventually, image_message, png


def test_the_open_autoglm_client_gets_a_stream_for_a_screenshot(server: Server):
    """The loop of phone_agent/model/client.py: it reads delta.content of the chunks that have choices."""
    request = client_request(png(1080, 2400))
    text, roles, finish_reasons, chunks = "", [], [], 0
    with server.openai() as client:
        for chunk in client.chat.completions.create(**request, extra_body={}):
            chunks += 1
            assert chunk.object == "chat.completion.chunk"
            assert chunk.model == "autoglm-phone-9b"
            if chunk.choices[0].delta.role:
                roles.append(chunk.choices[0].delta.role)
            text += chunk.choices[0].delta.content or ""
            finish_reasons.append(chunk.choices[0].finish_reason)
    assert roles == ["assistant"]
    assert len(text) > 20
    assert "\ufffd" not in text
    assert finish_reasons[-1] in ("stop", "length")
    assert set(finish_reasons[:-1]) == {None}
    assert chunks > 10


def test_the_deployment_check_gets_one_whole_answer(server: Server):
    """scripts/check_deployment_en.py asks without streaming."""
    with server.openai() as client:
        answer = client.chat.completions.create(**client_request(png(540, 1200), stream=False, max_tokens=40))
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 40
    assert answer.usage.prompt_tokens > 100
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_the_stream_on_the_wire(server: Server):
    with server.http() as client:
        response = client.post(
            "/v1/chat/completions", json=endless(5, stream_options={"include_usage": True}, temperature=0)
        )
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = response.text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    finish_reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]]
    assert finish_reasons[-1] == "length"
    assert set(finish_reasons[:-1]) == {None}
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 5
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert not any("usage" in chunk for chunk in chunks[:-1])


def test_streamed_and_whole_answers_are_the_same_text(server: Server):
    whole = server.post(chat(max_tokens=60)).json()["choices"][0]
    with server.openai() as client:
        chunks = list(client.chat.completions.create(**chat(max_tokens=60, model="autoglm-phone-9b", stream=True)))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole["message"]["content"]
    assert chunks[-1].choices[0].finish_reason == whole["finish_reason"]


def test_a_stop_string_ends_the_answer_before_it(server: Server):
    text = server.post(chat(max_tokens=40, ignore_eos=True)).json()["choices"][0]["message"]["content"]
    stop = text[10:13]
    for stops in (stop, [stop], ["never", stop]):
        answer = server.post(chat(max_tokens=40, ignore_eos=True, stop=stops)).json()
        assert answer["choices"][0]["message"]["content"] == text[: text.index(stop)]
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["usage"]["completion_tokens"] < 40


def test_a_seed_repeats_an_answer(server: Server):
    def answer(seed: int) -> str:
        request = chat(max_tokens=30, temperature=1.0, seed=seed, ignore_eos=True)
        return server.post(request).json()["choices"][0]["message"]["content"]

    assert answer(1) == answer(1)
    assert answer(1) != answer(2)


def test_the_longest_possible_answer_is_the_default(server: Server):
    request = chat(temperature=1.0, seed=3)
    del request["max_tokens"]
    assert server.post(request).json()["choices"][0]["finish_reason"] == "stop"


def test_usage_says_how_much_of_the_prompt_was_there_already(server: Server):
    asked = chat("Scroll to the very end of this list, then open the last entry and read it. " * 4, max_tokens=2)
    first, again = (server.post(asked).json()["usage"] for _ in range(2))
    found = [usage["prompt_tokens_details"]["cached_tokens"] for usage in (first, again)]
    assert found[0] < found[1] <= again["prompt_tokens"]


def test_max_completion_tokens_wins_over_its_old_name(server: Server):
    answer = server.post(chat(max_tokens=20, max_completion_tokens=3, ignore_eos=True)).json()
    assert answer["usage"]["completion_tokens"] == 3


def test_messages_of_every_role_and_unknown_keys_are_accepted(server: Server):
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {}}], "name": "x"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "done", "tool_call_id": "1"},
        {"role": "user", "content": ""},
        image_message(data_url(png(1, 1))),
        {"role": "user", "content": [{"type": "image_url", "image_url": data_url(png(28, 28))}]},
    ]
    response = server.post(chat(messages=messages, guided_decoding_backend="x", skip_special_tokens=False, user="u"))
    assert response.status_code == 200, response.text


def test_nulls_are_defaults(server: Server):
    fields = (
        "stop",
        "seed",
        "top_p",
        "n",
        "stream",
        "stream_options",
        "frequency_penalty",
        "tools",
        "logprobs",
        "model",
    )
    assert server.post(chat(**dict.fromkeys(fields))).status_code == 200


def test_streams_run_side_by_side_and_wait_their_turn(server: Server):
    with ThreadPoolExecutor(10) as pool:
        request = endless(30, stream_options={"include_usage": True})
        answers = list(pool.map(lambda _: server.post(request).text.split("\n\n"), range(10)))
    assert [answer[-2] for answer in answers] == ["data: [DONE]"] * 10
    assert ['"completion_tokens":30,' in answer[-3] for answer in answers] == [True] * 10


def test_a_full_queue_answers_429_with_retry_after(server: Server):
    """8 places and 2 to wait, all taken by streams that don't end by themselves."""
    with server.openai() as client:
        streams = []
        with ThreadPoolExecutor(10) as pool:
            open_stream = lambda _: server_stream(server)  # noqa: E731
            streams = list(pool.map(open_stream, range(8)))
        waiting = [server_socket(server) for _ in range(2)]
        eventually(lambda: server.running() == (8, 2))
        response = server.post(chat())
        assert response.status_code == 429
        assert response.headers["retry-after"] == "1"
        assert response.json()["error"]["type"] == "rate_limit_error"
        try:
            client.chat.completions.create(**chat(model="autoglm-phone-9b"))
        except openai.RateLimitError as error:
            assert error.code == "engine_overloaded"
        else:
            raise AssertionError("no RateLimitError")
        for connection in [*streams, *waiting]:
            connection.close()
    eventually(lambda: server.running() == (0, 0))
    assert server.post(chat()).status_code == 200


def server_socket(server: Server) -> socket.socket:
    """A raw connection that has asked for a stream of 20,000 tokens."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    body = json.dumps(endless(20_000)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    return connection


def server_stream(server: Server) -> socket.socket:
    connection = server_socket(server)
    assert connection.recv(100).startswith(b"HTTP/1.1 200")
    return connection


def test_a_client_that_leaves_frees_its_place_at_once(server: Server):
    connection = server_stream(server)
    eventually(lambda: server.running() == (1, 0))
    connection.close()
    eventually(lambda: server.running() == (0, 0))


def test_a_client_that_leaves_before_a_whole_answer_frees_its_place(server: Server):
    connection = socket.create_connection(("127.0.0.1", server.port))
    body = json.dumps(endless(20_000) | {"stream": False}).encode()
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    eventually(lambda: server.running() == (1, 0))
    connection.close()
    eventually(lambda: server.running() == (0, 0))
    eventually(lambda: server.events()[-1].get("status") == 499)


def test_a_client_that_does_not_read_holds_up_nobody(server: Server):
    slow = server_stream(server)
    assert server.post(chat()).status_code == 200
    slow.close()
    eventually(lambda: server.running() == (0, 0))


def test_models(server: Server):
    with server.openai() as client:
        assert [model.id for model in client.models.list()] == ["autoglm-phone-9b"]
        assert client.models.retrieve("autoglm-phone-9b").owned_by == "autoglm-serving"
    with server.http() as client:
        assert client.get("/v1/models").json()["data"][0]["max_model_len"] == 25480
        assert client.get("/v1/models/other").status_code == 404


def test_health(server: Server):
    with server.http() as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").json() == {"status": "OK"}
        health = client.get("/healthz").json()
    assert health["status"] == "OK"
    assert datetime.fromisoformat(health["timestamp"]).tzinfo is not None


def test_metrics_have_vllms_names_and_count(server: Server):
    def value(text: str, name: str) -> float:
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    names = ("vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:time_to_first_token_seconds_count")
    with server.http() as client:
        before = client.get("/metrics").text
        usage = server.post(chat(max_tokens=4, ignore_eos=True)).json()["usage"]
        after = client.get("/metrics").text
    grown = [value(after, name) - value(before, name) for name in names]
    assert grown == [usage["prompt_tokens"], 4, 1]
    for name in ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"):
        assert f'vllm:{name}{{model_name="autoglm-phone-9b"}} 0.0' in after
    assert 'vllm:request_success_total{finished_reason="length",model_name="autoglm-phone-9b"}' in after
    assert 'http_requests_total{handler="/v1/chat/completions",method="POST",status="200"}' in after


def test_the_openapi_document_describes_the_request(server: Server):
    with server.http() as client:
        document = client.get("/openapi.json").json()
    body = document["paths"]["/v1/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    name = body["$ref"].removeprefix("#/components/schemas/")
    assert "messages" in document["components"]["schemas"][name]["properties"]


def test_request_ids_are_taken_or_made(server: Server):
    with server.http() as client:
        assert client.get("/health", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
        for bad in ("", "a b", "x" * 200, '"}{'):
            made = client.get("/health", headers={"x-request-id": bad}).headers["x-request-id"]
            assert made != bad
            assert len(made) == 32


def test_requests_of_one_id_are_requests_of_their_own(server: Server):
    """An id is for logs: clients that repeat one, or choose the same, get their own answers."""
    with server.http(headers={"x-request-id": "same"}) as client, ThreadPoolExecutor(3) as pool:
        bodies = [chat(max_tokens=count, ignore_eos=True) for count in (40, 50, 60)]
        answers = list(pool.map(lambda body: client.post("/v1/chat/completions", json=body).json(), bodies))
    assert [answer["usage"]["completion_tokens"] for answer in answers] == [40, 50, 60]
    assert len({answer["id"] for answer in answers}) == 3


def test_the_log_is_json_with_counts_and_without_prompts(server: Server):
    with server.http() as client:
        client.post(
            "/v1/chat/completions?key=hidden-query",
            json=chat("hidden-prompt", max_tokens=3, ignore_eos=True),
            headers={"x-request-id": "log-1", "authorization": "Bearer hidden-key"},
        )
    eventually(lambda: any(event.get("request_id") == "log-1" for event in server.events()))
    line = next(event for event in server.events() if event.get("request_id") == "log-1")
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/chat/completions", 200)
    assert (line["completion_tokens"], line["finish_reason"]) == (3, "length")
    log = server.log.read_text()
    assert "hidden" not in log
    assert "Tap the red button" not in log
