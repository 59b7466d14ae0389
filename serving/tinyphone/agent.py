"""The loop of Open-AutoGLM's phone_agent, as small as it can be: the same requests, the same reading of the answers.

phone_agent itself is not used: what PyPI has under this name needs Python 3.12, and a phone behind adb.
"""

import base64
import contextlib
import io
import json
from dataclasses import dataclass, field
from typing import Any

from openai import DefaultHttpxClient, OpenAI
from PIL import Image

from tinyphone import answers
from tinyphone.answers import Action
from tinyphone.evaluate import Ask
from tinyphone.phone import Phone

SYSTEM_PROMPT = "你操作一部手机。每一步先看截图，再想一想，然后只做一个动作。可用的动作：\n" + 40 * (
    'do(action="Tap", element=[x,y]) 点击；do(action="Type", text="...") 输入；\ndo(action="Back") 返回。\n'
)
"""As long as the client's own, of several thousand tokens, and in its language."""

MODEL = "autoglm-phone-9b"
SAMPLING: dict[str, Any] = {"max_tokens": 3000, "temperature": 0.0, "top_p": 0.85, "frequency_penalty": 0.2}


@dataclass
class Run:
    """What happened: the answers as they came, the actions they were read as, and the last message."""

    said: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    message: str | None = None


def run(client: OpenAI, phone: Phone, task: str, *, model: str = MODEL, max_steps: int = 6) -> Run:
    """Screenshot, request, action, until the model finishes or `max_steps` are done."""
    context: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM_PROMPT}]
    result = Run()
    for step in range(max_steps):
        info = json.dumps({"current_app": phone.app}, ensure_ascii=False)
        text = f"{task}\n\n{info}" if step == 0 else f"** Screen Info **\n\n{info}"
        context.append(_user(text, phone.screenshot()))
        said = _stream(client, model, context)
        thinking, code = answers.split(said)
        # The screenshots of past steps are not sent again.
        context[-1]["content"] = [part for part in context[-1]["content"] if part["type"] == "text"]
        context.append({"role": "assistant", "content": f"<think>{thinking}</think><answer>{code}</answer>"})
        result.said.append(said)
        try:
            action = answers.parse(code)
        except answers.AnswerError:
            # What can't be read ends the task: the client takes it for the model's last word.
            action = Action("", {"message": code})
        result.actions.append(action)
        if action.finished:
            result.message = action.values.get("message")
            break
        # An action without what it needs does nothing, and the task goes on.
        with contextlib.suppress(KeyError, TypeError, ValueError):
            phone.do(action)
    return result


def asker(url: str) -> Ask:
    """A server's answers, each to a conversation of its own."""
    client = OpenAI(base_url=url, api_key="EMPTY", http_client=DefaultHttpxClient(trust_env=False))

    def ask(task: str, last: str, image: Image.Image) -> str:
        context: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM_PROMPT}]
        if last != "none":
            context.append({"role": "user", "content": [{"type": "text", "text": f"{task}\n\n{{}}"}]})
            context.append({"role": "assistant", "content": f'<think></think><answer>do(action="{last}")</answer>'})
        text = f"{task}\n\n{{}}" if last == "none" else "** Screen Info **\n\n{}"
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return _stream(client, MODEL, [*context, _user(text, buffer.getvalue())])

    return ask


def _stream(client: OpenAI, model: str, context: list[dict[str, Any]]) -> str:
    create: Any = client.chat.completions.create
    stream = create(model=model, messages=context, stream=True, **SAMPLING)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def _user(text: str, png: bytes) -> dict[str, Any]:
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}],
    }
