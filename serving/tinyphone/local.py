"""The model in this process, by transformers' own generation: no server is needed to judge weights."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import Glm4vForConditionalGeneration

from autoglm_serving.model.messages import Message
from autoglm_serving.model.prompts import PromptBuilder
from tinyphone import shape
from tinyphone.evaluate import Ask

ANSWER_TOKENS = 40


def asker(folder: Path) -> Ask:
    model: Any = Glm4vForConditionalGeneration.from_pretrained(folder, local_files_only=True)
    image_token: int = model.config.image_token_id
    prompts = PromptBuilder(
        folder, image_token_id=image_token, content_format="string", max_pixels=None, max_model_len=shape.CONTEXT
    )

    def ask(task: str, last: str, image: Image.Image) -> str:
        steps = [] if last == "none" else [Message(role="assistant", parts=(f'<answer>do(action="{last}")</answer>',))]
        chat = [Message(role="user", parts=(task,)), *steps, Message(role="user", parts=(image, "** Screen Info **"))]
        prompt = prompts.build(chat)
        assert prompt.images is not None  # noqa: S101  the chat has one
        ids = torch.tensor([prompt.token_ids])
        model.model.rope_deltas = None
        output = model.generate(
            input_ids=ids,
            pixel_values=torch.as_tensor(prompt.images.pixel_values),
            image_grid_thw=torch.as_tensor(prompt.images.grid_thw),
            mm_token_type_ids=(ids == image_token).int(),
            max_new_tokens=ANSWER_TOKENS,
            do_sample=False,
        )
        return prompts.decode(output[0, ids.shape[1] :].tolist())

    return ask
