"""From a parsed request to what the engine gets: prompt, sampling, guides. Made on a thread: it decodes images."""

import time
from dataclasses import dataclass
from typing import Any

from autoglm_serving.api import errors
from autoglm_serving.api.caller import Caller
from autoglm_serving.api.messages import ImagePart
from autoglm_serving.api.models import ServedModel
from autoglm_serving.api.schema import MAX_REPORTED, ChatCompletionRequest
from autoglm_serving.api.service import Limits
from autoglm_serving.engine.base import DeadlineExceeded, Guide, Prompt, SamplingParams
from autoglm_serving.guides import GuideError
from autoglm_serving.images import ImageError, decode
from autoglm_serving.model.messages import Message, PromptError, PromptTooLong

IMAGES_TOGETHER = 2
"""A request's images may have as many times the pixels that one may have."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """All of a request that is needed once its prompt is made; its images are not kept."""

    model: ServedModel
    prompt: Prompt
    sampling: SamplingParams
    guides: tuple[Guide | None, ...]
    """One for each answer that is asked for."""
    stops: tuple[str, ...]
    stop_token_ids: frozenset[int]
    user: str
    priority: int
    deadline: float
    arrived: float
    stream: bool
    include_usage: bool


def make_order(model: ServedModel, asked: ChatCompletionRequest, caller: Caller, limits: Limits) -> Order:
    """Raises ApiError, and DeadlineExceeded when its time is up already."""
    deadline = caller.until(asked.timeout)
    if time.monotonic() >= deadline:
        raise DeadlineExceeded("its time was up before it was prepared")
    prompt = _prompt(model, asked, limits)
    answers = asked.n or 1
    sampling = asked.sampling(_max_tokens(asked, len(prompt.token_ids), model.max_model_len))
    _check_reported(asked, sampling, answers)
    return Order(
        model=model,
        prompt=prompt,
        sampling=sampling,
        guides=_guides(model, asked, answers),
        stops=tuple(asked.stops),
        stop_token_ids=frozenset(asked.stop_token_ids or ()),
        user=caller.user(asked.user),
        priority=asked.priority or 0,
        deadline=deadline,
        arrived=caller.arrived,
        stream=bool(asked.stream),
        include_usage=asked.include_usage,
    )


def _prompt(model: ServedModel, asked: ChatCompletionRequest, limits: Limits) -> Prompt:
    images = sum(1 for _ in asked.image_urls())
    if images > limits.max_images:
        raise errors.invalid(
            f"{images} images are more than the {limits.max_images} allowed in a request.",
            "messages",
            "too_many_images",
        )
    try:
        return model.prompts.build(_messages(asked, limits))
    except PromptTooLong as error:
        raise errors.invalid(str(error), "messages", "context_length_exceeded") from None
    except PromptError as error:
        raise errors.invalid(f"messages: {error}", "messages") from None


def _messages(asked: ChatCompletionRequest, limits: Limits) -> list[Message]:
    messages = []
    pixels = 0
    for number, message in enumerate(asked.messages):
        parts: list[Any] = []
        for place, part in enumerate(message.parts()):
            if not isinstance(part, ImagePart):
                parts.append(part.text)
                continue
            try:
                image = decode(part.image_url.url, max_pixels=limits.max_image_pixels)
            except ImageError as error:
                param = f"messages.{number}.content.{place}.image_url.url"
                raise errors.invalid(f"{param}: {error}.", param, "invalid_image") from None
            parts.append(image)
            pixels += image.width * image.height
            _check_pixels(pixels, limits.max_image_pixels)
        # "developer" is OpenAI's newer name for "system", which chat templates know.
        messages.append(Message(role="system" if message.role == "developer" else message.role, parts=tuple(parts)))
    return messages


def _check_pixels(pixels: int, one_image: int) -> None:
    """All images of a request are in memory, 3 bytes a pixel, until its prompt is made."""
    most = IMAGES_TOGETHER * one_image
    if pixels > most:
        raise errors.invalid(
            f"The images have {pixels} pixels together, more than the {most} allowed in a request; send smaller ones.",
            "messages",
            "too_many_images",
        )


def _max_tokens(asked: ChatCompletionRequest, prompt_tokens: int, max_model_len: int) -> int:
    room = max_model_len - prompt_tokens
    limit = asked.answer_limit
    if limit is None:
        return room
    if limit > room:
        raise errors.invalid(
            f"max_tokens is too large: {limit}. This model's maximum context length is {max_model_len} tokens,"
            f" and the prompt has {prompt_tokens} tokens, so at most {room} are left.",
            "max_tokens",
            "context_length_exceeded",
        )
    return limit


def _check_reported(asked: ChatCompletionRequest, sampling: SamplingParams, answers: int) -> None:
    if sampling.logprobs is None:
        return
    reported = answers * sampling.max_tokens * (sampling.logprobs + 1)
    if reported > MAX_REPORTED:
        raise errors.invalid(
            f"logprobs: n x max_tokens x (top_logprobs + 1) is {reported}, more than the {MAX_REPORTED} allowed;"
            " ask for fewer tokens, answers or logprobs.",
            "logprobs",
        )


def _guides(model: ServedModel, asked: ChatCompletionRequest, answers: int) -> tuple[Guide | None, ...]:
    held_to = asked.held_to
    if held_to is None:
        return (None,) * answers
    field, constraint = held_to
    if model.grammars is None:
        raise errors.invalid(f"{field}: the model {model.name!r} can't be held to a format; leave it out.", field)
    try:
        return tuple(model.grammars.guide(constraint) for _ in range(answers))
    except GuideError as error:
        message = f"{field}: this {constraint.kind} can't be followed: {error}."
        raise errors.invalid(message, field, "invalid_constraint") from None
