"""The training forward pass over the weights of a Glm4vForConditionalGeneration: many questions share one screen.

transformers' own forward takes an image per question and a loop over images; this one takes the screen once, and hands
out the attention that the training guides. A test holds that both compute the same.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import Glm4vForConditionalGeneration

from tinyphone import batches, shape, vocabulary

HEAD = 32
HEADS, KV_HEADS = shape.TEXT["num_attention_heads"], shape.TEXT["num_key_value_heads"]
Rope = list[tuple[torch.Tensor, torch.Tensor]]
"""Cosines, then sines: those of the prefix [P, 16] and of a question [T, 16]."""
CODES = 20
"""Frequencies of the code of a place: the finest is a wave of a twentieth of the screen."""


def number_codes(step: int = 1) -> torch.Tensor:
    """Smooth codes of 0, step, 2 step, ... 999 [n, 2 CODES + 1]: near numbers have near codes."""
    waves = torch.arange(1, CODES + 1)
    angle = torch.arange(0, vocabulary.NUMBERS, step)[:, None] * torch.pi / vocabulary.NUMBERS * waves
    weight = torch.exp(-0.5 * (waves / (0.6 * CODES)) ** 2)
    code = torch.cat([torch.ones(len(angle), 1), angle.cos() * weight, angle.sin() * weight], -1)
    return functional.normalize(code, dim=-1)


@dataclass
class Output:
    logits: torch.Tensor  # [n, vocabulary], where the answer's tokens are asked for
    cells: torch.Tensor  # [B, C, hidden], the vision tower's tokens
    guided: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]]
    """By layer and head: log-probabilities of looking at the prefix [B, Q, T, P] and at the own tokens [B, Q, T, T]."""


class Trainable(nn.Module):
    """The model, with what only training needs: the codes of numbers and the heads on the tower's tokens."""

    def __init__(self, model: Glm4vForConditionalGeneration) -> None:
        super().__init__()
        self.model = model
        hidden = shape.HIDDEN
        vocab = model.config.get_text_config().vocab_size
        self.words = nn.Parameter(torch.randn(vocab, hidden))
        self.numbers = nn.Parameter(torch.randn(2 * CODES + 1, hidden))
        self.head_scale = nn.Parameter(torch.tensor(0.1))
        self.kinds = nn.Linear(hidden, len(batches.KIND_CLASSES))
        self.colors = nn.Linear(hidden, len(batches.COLOR_CLASSES))
        self.places = nn.Linear(hidden, 2 * (2 * CODES + 1))
        self.codes = nn.Buffer(number_codes(), persistent=False)
        self.number_ids = nn.Buffer(torch.tensor(vocabulary.number_ids()), persistent=False)
        self.before = nn.Buffer(torch.tensor(vocabulary.encode(batches.BEFORE_IMAGE)), persistent=False)
        self.after = nn.Buffer(torch.tensor(vocabulary.encode(batches.AFTER_IMAGE)), persistent=False)
        _initialise(model)

    def embedding(self) -> torch.Tensor:
        """[vocabulary, hidden], root mean square about 1; numbers are mixtures of few codes, so that they are learnt
        together."""
        return self.words.index_add(0, self.number_ids, self.codes @ self.numbers)

    def write_back(self) -> None:
        """Put what training kept apart into the model's own weights."""
        with torch.no_grad():
            table = self.embedding()
            self.model.model.language_model.embed_tokens.weight.copy_(table)
            self.model.lm_head.weight.copy_(table * self.head_scale)

    def see(self, patches: torch.Tensor) -> torch.Tensor:
        """[B, C, 3 * 16 * 16] -> [B, C, hidden]"""
        visual = self.model.model.visual
        weight = visual.patch_embed.proj.weight.sum(2).flatten(1)
        x = visual.post_conv_layernorm(functional.linear(patches, weight, visual.patch_embed.proj.bias))
        rows = torch.arange(shape.ROWS).repeat_interleave(shape.COLUMNS)
        columns = torch.arange(shape.COLUMNS).repeat(shape.ROWS)
        grid = torch.stack([(columns + 0.5) / shape.COLUMNS, (rows + 0.5) / shape.ROWS], -1)[None, :, None] * 2 - 1
        side = int(visual.embeddings.num_positions**0.5)
        table = visual.embeddings.position_embedding.weight.view(side, side, -1).permute(2, 0, 1)[None]
        placed = functional.grid_sample(table, grid, mode="bicubic", padding_mode="border", align_corners=False)
        x = x + placed.squeeze(-1)[0].T
        cos, sin = visual.rotary_pos_emb(x, torch.stack([rows, columns], -1))
        for block in visual.blocks:
            x = x + _look(block.attn, block.norm1(x), cos, sin)
            x = x + block.mlp(block.norm2(x))
        x = visual.post_layernorm(x)
        x = functional.linear(x, visual.downsample.weight.flatten(1), visual.downsample.bias)
        merged: torch.Tensor = visual.merger(x)
        return merged

    def forward(self, batch: batches.Batch, guided: tuple[tuple[int, int], ...] = ()) -> Output:
        cells = self.see(batch.patches)
        size, questions, length = batch.tokens.shape
        table = self.embedding()
        before, after = (table[ids].expand(size, -1, -1) for ids in (self.before, self.after))
        prefix = torch.cat([before, cells, after], 1)
        rows = table[batch.tokens].flatten(1, 2)
        text = self.model.model.language_model
        positions = _positions(len(self.before), len(self.after), length)
        cos, sin = text.rotary_emb(rows, positions[:, None])
        rope = [(part[0, : prefix.shape[1]], part[0, prefix.shape[1] :]) for part in (cos, sin)]
        looked: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]] = {}
        for number, layer in enumerate(text.layers):
            prefix, rows, seen = _layer(layer, prefix, rows, questions, rope)
            for place in guided:
                if place[0] == number:
                    looked[place] = (seen[0][:, :, :, place[1]], seen[1][:, :, :, place[1]])
        said = text.norm(rows.view(size, questions, length, -1)[batch.answer])
        return Output(said @ table.T * self.head_scale, cells, looked)


def _layer(
    layer: Any, prefix: torch.Tensor, rows: torch.Tensor, questions: int, rope: Rope
) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """The prefix looks at itself; each question looks at the prefix and itself. Also returns where it looked."""
    attention, last = layer.self_attn, prefix.shape[1]
    x = torch.cat([prefix, rows], 1)
    normed = layer.input_layernorm(x)
    size, total, _ = x.shape
    q, k, v = (
        part.view(size, total, -1, HEAD)
        for part in (attention.q_proj(normed), attention.k_proj(normed), attention.v_proj(normed))
    )
    cos = torch.cat([rope[0][0], rope[0][1].repeat(questions, 1)])[:, None]
    sin = torch.cat([rope[1][0], rope[1][1].repeat(questions, 1)])[:, None]
    q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
    k, v = (part.repeat_interleave(HEADS // KV_HEADS, 2) for part in (k, v))
    first_q, first_k, first_v = (part[:, :last].transpose(1, 2) for part in (q, k, v))
    first = functional.scaled_dot_product_attention(first_q, first_k, first_v, is_causal=True).transpose(1, 2)
    q, own_k, own_v = (part[:, last:].view(size, questions, -1, HEADS, HEAD) for part in (q, k, v))
    length = q.shape[2]
    # b screens, r questions, t and s tokens, p tokens of the prefix, h heads
    to_prefix = torch.einsum("brthd,bphd->brthp", q, k[:, :last])
    to_own = torch.einsum("brthd,brshd->brths", q, own_k)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)[:, None]
    scores = torch.cat([to_prefix, to_own.masked_fill(later, -torch.inf)], -1) * HEAD**-0.5
    seen = scores.log_softmax(-1)
    shares = seen.exp()
    second = torch.einsum("brthp,bphd->brthd", shares[..., :last], v[:, :last])
    second = second + torch.einsum("brths,brshd->brthd", shares[..., last:], own_v)
    mixed = torch.cat([first.flatten(2), second.flatten(3).flatten(1, 2)], 1)
    x = x + layer.post_self_attn_layernorm(attention.o_proj(mixed))
    x = x + layer.post_mlp_layernorm(layer.mlp(layer.post_attention_layernorm(x)))
    return x[:, :last], x[:, last:], (seen[..., :last], seen[..., last:])


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    turned, kept = x[..., : cos.shape[-1]], x[..., cos.shape[-1] :]
    swapped = torch.stack((-turned[..., 1::2], turned[..., 0::2]), -1).flatten(-2)
    return torch.cat([turned * cos + swapped * sin, kept], -1)


def _look(attention: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Attention of all cells to all cells of the same screen."""
    size, cells, _ = x.shape
    q, k, v = attention.qkv(x).view(size, cells, 3, attention.num_heads, -1).permute(2, 0, 3, 1, 4)
    half = q.shape[-1] // 2
    q, k = (part * cos + torch.cat([-part[..., half:], part[..., :half]], -1) * sin for part in (q, k))
    mixed = functional.scaled_dot_product_attention(q, k, v)
    projected: torch.Tensor = attention.proj(mixed.transpose(1, 2).flatten(2))
    return projected


def _positions(before: int, after: int, length: int) -> torch.Tensor:
    """GLM-4V's rotary positions of the prefix and one question [3, P + T]."""
    start = torch.arange(before).expand(3, -1)
    rows = torch.arange(shape.ROWS).repeat_interleave(shape.COLUMNS)
    image = torch.stack([torch.zeros_like(rows), rows, torch.arange(shape.COLUMNS).repeat(shape.ROWS)]) + before
    rest = torch.arange(after + length).expand(3, -1) + before + max(shape.ROWS, shape.COLUMNS)
    return torch.cat([start, image, rest], 1)


def _initialise(model: Glm4vForConditionalGeneration) -> None:
    """GLM-4's norms after each part give what a layer adds a size of 1; so the inputs need that size too, or the first
    layer drowns them: with the library's 0.02 such a small model learns no place at all."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() >= 2 and "embed" not in name:
                weight.normal_(std=weight[0].numel() ** -0.5)
            if name.endswith(("post_self_attn_layernorm.weight", "post_mlp_layernorm.weight")):
                weight.fill_(0.5)
        model.model.visual.patch_embed.proj.weight.normal_(std=(2 * 768) ** -0.5)
        model.model.visual.merger.down_proj.weight.mul_(2)
        _initialise_positions(model.model.visual.embeddings.position_embedding.weight)


def _initialise_positions(weight: torch.Tensor) -> None:
    """Waves across the screen and down it: from the first step on, near cells have near codes. [side * side, hidden]"""
    side, half = int(weight.shape[0] ** 0.5), weight.shape[1] // 2
    place = (torch.arange(side) + 0.5) / side
    order = torch.arange(half // 2) * 0.5 + 0.5
    waves = torch.cat([(place[:, None] * torch.pi * order).cos(), (place[:, None] * torch.pi * order).sin()], -1)
    down = waves[:, None].expand(side, side, half)
    across = waves[None].expand(side, side, half)
    weight.copy_(torch.cat([down, across], -1).reshape(side * side, -1))
