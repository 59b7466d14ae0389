"""Attention of a step's rows over the paged cache, with what torch has on every device."""

import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn.plan import Answers, Chunk, Plan


def attend(q: Tensor, layer: Tensor, plan: Plan) -> Tensor:
    """q is [rows, heads, head_dim], rotated, with its keys and values in the cache; the same shape comes back, flat.

    `layer` is [blocks, block_size, 2 * kv_heads, head_dim].
    """
    out = torch.empty_like(q)
    for group in plan.answers:
        rows = slice(group.first, group.first + group.rows)
        out[rows] = _answers(q[rows], layer, group)
    for chunk in plan.chunks:
        rows = slice(chunk.first, chunk.first + chunk.rows)
        out[rows] = _chunk(q[rows], layer, chunk)
    return out.flatten(1)


def _answers(q: Tensor, layer: Tensor, group: Answers) -> Tensor:
    """The heads that share a key head are its queries: so each key and value is read once."""
    kv_heads = layer.shape[2] // 2
    rows, heads, head_dim = q.shape
    kept = layer.index_select(0, group.blocks.flatten()).view(rows, -1, 2, kv_heads, head_dim)
    keys, values = kept[:, :, 0].transpose(1, 2), kept[:, :, 1].transpose(1, 2)
    queries = q.reshape(rows, kv_heads, heads // kv_heads, head_dim)
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=group.hidden).view_as(q)


def _chunk(q: Tensor, layer: Tensor, chunk: Chunk) -> Tensor:
    kv_heads = layer.shape[2] // 2
    kept = layer.index_select(0, chunk.blocks).flatten(0, 1)[: chunk.context]
    keys, values = kept[:, :kv_heads].transpose(0, 1)[None], kept[:, kv_heads:].transpose(0, 1)[None]
    out = F.scaled_dot_product_attention(
        q.transpose(0, 1)[None],
        keys,
        values,
        attn_mask=chunk.hidden,
        is_causal=chunk.hidden is None,
        enable_gqa=q.shape[1] != kv_heads,
    )
    return out[0].transpose(0, 1)
