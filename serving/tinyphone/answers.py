"""What the model's answer says, read as phone_agent of Open-AutoGLM reads it."""

import ast
from dataclasses import dataclass, field
from typing import Any


class AnswerError(ValueError):
    """The text is no action."""


@dataclass(frozen=True)
class Action:
    """`name` is empty for finish."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        return not self.name


def split(content: str) -> tuple[str, str]:
    """Thinking and action."""
    for marker in ("<answer>", "finish(message=", "do(action="):
        if marker in content:
            thinking, _, action = content.partition(marker)
            thinking = thinking.replace("<think>", "").replace("</think>", "").strip()
            return thinking, (action if marker == "<answer>" else marker + action).replace("</answer>", "").strip()
    return "", content


def parse(action: str) -> Action:
    """Raises AnswerError."""
    if action.startswith('do(action="Type"'):
        return Action("Type", {"text": action.partition("text=")[2][1:-2]})
    try:
        call = ast.parse(action, mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            raise AnswerError(f"{action!r} is no call with named values")
        values = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg is not None}
    except (SyntaxError, ValueError) as error:
        raise AnswerError(f"{action!r} can't be read: {error}") from None
    if call.func.id == "finish":
        return Action("", values)
    if call.func.id != "do" or not isinstance(values.get("action"), str):
        raise AnswerError(f"{action!r} is neither do(action=…) nor finish(message=…)")
    return Action(values.pop("action"), values)
