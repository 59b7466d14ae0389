"""The Responses API and conversations as the official client uses them, on a server that keeps them in memory."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from harness import Server, data_url, light_server, png

MODEL = "autoglm-phone-9b"
SHORT: dict[str, Any] = {"model": MODEL, "max_output_tokens": 6, "temperature": 0}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with light_server(tmp_path_factory.mktemp("light") / "log") as server:
        yield server


@pytest.fixture
def client(server: Server):
    with server.openai() as client:
        yield client


def other(client: openai.OpenAI, key: str) -> openai.OpenAI:
    return client.with_options(api_key=key)


def said(client: openai.OpenAI, messages: list[dict[str, str]]) -> str:
    answer = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=6, temperature=0)
    return str(answer.choices[0].message.content)


def test_a_response_continues_the_one_before_as_the_chat_would(client: openai.OpenAI):
    first = client.responses.create(**SHORT, input="Open the settings.", instructions="Be brief.")
    chat = [{"role": "user", "content": "Open the settings."}]
    assert first.output_text == said(client, [{"role": "system", "content": "Be brief."}, *chat])
    second = client.responses.create(**SHORT, input="And now?", previous_response_id=first.id)
    chat += [{"role": "assistant", "content": first.output_text}, {"role": "user", "content": "And now?"}]
    # OpenAI's rule: instructions are one turn's.
    assert second.output_text == said(client, chat)
    assert second.previous_response_id == first.id
    branch = client.responses.create(**SHORT, input="And now?", previous_response_id=first.id)
    assert branch.output_text == second.output_text
    assert branch.id != second.id


def test_the_object_of_a_response(client: openai.OpenAI):
    made = client.responses.create(**SHORT, input="Hi", metadata={"task": "7"}, user="u")
    assert (made.object, made.status, made.model, made.metadata) == ("response", "incomplete", MODEL, {"task": "7"})
    assert made.incomplete_details is not None
    assert made.incomplete_details.reason == "max_output_tokens"
    assert made.usage is not None
    assert made.usage.output_tokens == 6
    assert made.usage.total_tokens == made.usage.input_tokens + 6
    assert client.responses.retrieve(made.id).model_dump() == made.model_dump()
    items = client.responses.input_items.list(made.id).data
    assert [item.model_dump()["content"][0]["text"] for item in items] == ["Hi"]


def test_the_events_of_a_stream(client: openai.OpenAI):
    whole = client.responses.create(**SHORT, input="Hi", store=False)
    events = list(client.responses.create(**SHORT, input="Hi", stream=True))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.incomplete",
    ]
    assert set(kinds[4:-4]) == {"response.output_text.delta"}
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    # The last event comes when the response is stored.
    last = events[-1].response
    assert client.responses.retrieve(last.id).output_text == whole.output_text
    with client.responses.stream(model=MODEL, input="Hi") as stream:
        final = stream.get_final_response()
    assert final.status == "completed"
    assert final.output_text.startswith(whole.output_text)


def test_a_conversation_grows_by_each_turn(client: openai.OpenAI):
    conversation = client.conversations.create(
        items=[{"type": "message", "role": "user", "content": "My name is Ann."}], metadata={"a": "b"}
    )
    first = client.responses.create(**SHORT, input="Hello", conversation=conversation.id)
    client.responses.create(**SHORT, input="Again", conversation=conversation.id, store=False)
    items = client.conversations.items.list(conversation.id, order="asc").data
    shown = [(item.role, item.content[0].text) for item in items]
    assert [role for role, _ in shown] == ["user", "user", "assistant", "user", "assistant"]
    assert [text for role, text in shown if role == "user"] == ["My name is Ann.", "Hello", "Again"]
    assert shown[2][1] == first.output_text
    chat = [{"role": role, "content": text} for role, text in shown[:4]]
    assert shown[4][1] == said(client, chat)
    assert client.conversations.retrieve(conversation.id).metadata == {"a": "b"}
    assert client.conversations.update(conversation.id, metadata={"c": "d"}).metadata == {"c": "d"}


def test_the_items_of_a_conversation(client: openai.OpenAI):
    conversation = client.conversations.create()
    made = client.conversations.items.create(
        conversation.id, items=[{"type": "message", "role": "user", "content": f"n{number}"} for number in range(5)]
    ).data
    assert [item.id for item in client.conversations.items.list(conversation.id, limit=2)] == [
        item.id for item in reversed(made)
    ]
    page = client.conversations.items.list(conversation.id, limit=2, order="asc", after=made[1].id)
    assert [item.id for item in page.data] == [made[2].id, made[3].id]
    assert page.has_more
    assert client.conversations.items.retrieve(made[0].id, conversation_id=conversation.id).id == made[0].id
    client.conversations.items.delete(made[0].id, conversation_id=conversation.id)
    with pytest.raises(openai.NotFoundError):
        client.conversations.items.retrieve(made[0].id, conversation_id=conversation.id)
    assert len(client.conversations.items.list(conversation.id).data) == 4
    client.conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_turns_at_the_same_time_are_all_kept(client: openai.OpenAI):
    conversation = client.conversations.create()
    with ThreadPoolExecutor(4) as pool:
        ask = lambda number: client.responses.create(**SHORT, input=f"n{number}", conversation=conversation.id)  # noqa: E731
        list(pool.map(ask, range(4)))
    items = client.conversations.items.list(conversation.id, order="asc").data
    assert len(items) == 8
    assert [item.role for item in items] == ["user", "assistant"] * 4
    assert {item.content[0].text for item in items[::2]} == {"n0", "n1", "n2", "n3"}


def test_screenshots_are_remembered(client: openai.OpenAI):
    image = {"type": "input_image", "image_url": data_url(png(56, 56)), "detail": "auto"}
    words = {"type": "input_text", "text": "Tap the button."}
    with_image = client.responses.create(**SHORT, input=[{"role": "user", "content": [image, words]}])
    without = client.responses.create(**SHORT, input=[{"role": "user", "content": [words]}])
    assert with_image.usage and without.usage
    assert with_image.usage.input_tokens > without.usage.input_tokens
    second = client.responses.create(**SHORT, input="And now?", previous_response_id=with_image.id)
    assert second.usage
    assert second.usage.input_tokens > with_image.usage.input_tokens


def test_another_key_sees_nothing(client: openai.OpenAI):
    ann, bob = other(client, "ann"), other(client, "bob")
    made = ann.responses.create(**SHORT, input="secret")
    conversation = ann.conversations.create(items=[{"type": "message", "role": "user", "content": "secret"}])
    item = ann.conversations.items.list(conversation.id).data[0]
    for attempt in (
        lambda: bob.responses.retrieve(made.id),
        lambda: bob.responses.delete(made.id),
        lambda: bob.responses.input_items.list(made.id),
        lambda: bob.responses.create(**SHORT, input="x", previous_response_id=made.id),
        lambda: bob.responses.create(**SHORT, input="x", conversation=conversation.id),
        lambda: bob.responses.create(**SHORT, input=[{"type": "item_reference", "id": item.id}]),
        lambda: bob.conversations.retrieve(conversation.id),
        lambda: bob.conversations.delete(conversation.id),
        lambda: bob.conversations.items.list(conversation.id),
        lambda: bob.conversations.update(conversation.id, metadata={}),
        lambda: client.responses.retrieve(made.id),
    ):
        with pytest.raises(openai.NotFoundError) as found:
            attempt()
        assert "secret" not in str(found.value)
    assert ann.responses.retrieve(made.id).id == made.id
    assert ann.responses.create(**SHORT, input=[{"type": "item_reference", "id": item.id}]).id


def test_what_is_not_stored_or_was_deleted_is_not_there(client: openai.OpenAI):
    unstored = client.responses.create(**SHORT, input="x", store=False)
    deleted = client.responses.create(**SHORT, input="x")
    client.responses.delete(deleted.id)
    for response_id in (unstored.id, deleted.id, "resp_x", "x" * 120):
        with pytest.raises(openai.NotFoundError):
            client.responses.create(**SHORT, input="x", previous_response_id=response_id)


def test_truncation_leaves_out_the_oldest(client: openai.OpenAI):
    texts = ["word and more " * 9000, "short"]
    items: Any = [{"type": "message", "role": "user", "content": text} for text in texts]
    conversation = client.conversations.create(items=items)
    request = SHORT | {"input": "Hi", "conversation": conversation.id}
    with pytest.raises(openai.BadRequestError) as found:
        client.responses.create(**request)
    assert found.value.code == "context_length_exceeded"
    made = client.responses.create(**request, truncation="auto")
    assert made.output_text == said(client, [{"role": "user", "content": text} for text in ("short", "Hi")])


FAULTS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"input": []}, "input"),
    ({"input": 5}, "input"),
    ({"input": [{"role": "king", "content": "x"}]}, "input.0.role"),
    ({"input": [{"type": "function_call", "name": "x"}]}, "input.0.type"),
    ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "x"}]}]}, "input.0.content.0"),
    ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "http://127.0.0.1/"}]}]}, "input"),
    ({"input": "x", "max_output_tokens": 10**6}, "max_output_tokens"),
    ({"input": "x", "tools": [{"type": "web_search"}]}, "tools"),
    ({"input": "x", "background": True}, "background"),
    ({"input": "x", "include": ["reasoning.encrypted_content"]}, "include"),
    ({"input": "x", "metadata": {str(number): "x" for number in range(17)}}, "metadata"),
    ({"input": "x", "metadata": {"a": 5}}, "metadata.a"),
    ({"input": "x", "text": {"format": {"type": "json_schema"}}}, "text.format"),
    ({"input": "x", "text": {"format": {"type": "json_object"}}}, "text.format"),
    ({"input": "x", "previous_response_id": "a", "conversation": "b"}, None),
    ({"input": "x", "truncation": "all"}, "truncation"),
    ({"input": "word and more " * 9000}, "input"),
]


@pytest.mark.parametrize(("fields", "param"), FAULTS)
def test_a_bad_request_names_its_field(server: Server, fields: dict[str, Any], param: str | None):
    with server.http() as http:
        response = http.post("/v1/responses", json={"max_output_tokens": 4} | fields)
    assert response.status_code == 400, response.text
    assert response.json()["error"]["param"] == param
    assert "messages" not in response.json()["error"]["message"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=9999999999999", "order=up", "after=msg_x"])
def test_a_bad_page_is_refused(server: Server, query: str):
    with server.http() as http:
        conversation = http.post("/v1/conversations", json={}).json()["id"]
        response = http.get(f"/v1/conversations/{conversation}/items?{query}")
    assert response.status_code == 400
    assert response.json()["error"]["param"] == query.split("=")[0]
