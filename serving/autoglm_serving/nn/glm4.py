"""The language model of GLM-4 and GLM-4V: a stack of layers over the paged cache, rows of any sequences at once."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn import rope
from autoglm_serving.nn.attention import attend
from autoglm_serving.nn.cache import PagedCache
from autoglm_serving.nn.config import TextConfig
from autoglm_serving.nn.linear import Linear, gated, linear
from autoglm_serving.nn.plan import Plan
from autoglm_serving.nn.weights import Weights


@dataclass(frozen=True)
class _Layer:
    """GLM-4 has norms before and after each half of a layer."""

    qkv: Linear
    output: Linear
    gate_up: Linear
    down: Linear
    before_attention: Tensor
    after_attention: Tensor
    before_mlp: Tensor
    after_mlp: Tensor


class Glm4:
    def __init__(
        self, config: TextConfig, weights: Weights, prefix: str, dtype: torch.dtype, device: torch.device
    ) -> None:
        """`prefix` is what the names of the language model's weights begin with, its dot included."""
        self.config, self.dtype, self.device = config, dtype, device

        def take(name: str, *shape: int) -> Tensor:
            return weights.take(name, shape).to(device, dtype)

        hidden = config.hidden_size
        self._embedding = take(f"{prefix}embed_tokens.weight", config.vocab_size, hidden).clone()
        self._layers = [self._layer(weights, f"{prefix}layers.{i}.") for i in range(config.num_layers)]
        self._norm = take(f"{prefix}norm.weight", hidden).clone()
        head = self._embedding if config.tied_head else take("lm_head.weight", config.vocab_size, hidden)
        self._head = linear(head)
        inverse = rope.frequencies(config.rope_theta, config.rotary_dim)
        self._inverse = inverse.to(device)
        self._axis = rope.axes(config.mrope_section, len(inverse)).to(device)

    def embed(self, token_ids: Tensor) -> Tensor:
        """[rows] -> [rows, hidden]"""
        return F.embedding(token_ids, self._embedding)

    def forward(self, x: Tensor, places: Tensor, cache: PagedCache, plan: Plan) -> Tensor:
        """Embeddings [rows, hidden] and positions [3, rows], in the plan's order; the last layer's [rows, hidden]."""
        angles = rope.angles(places, self._inverse, self._axis)
        cos, sin = angles.cos().to(self.dtype), angles.sin().to(self.dtype)
        if len(plan.fresh):
            cache.clear(plan.fresh)
        for layer, memory in zip(self._layers, cache.layers, strict=True):
            x = self._run(layer, x, cos, sin, memory, plan)
        return x

    def logits(self, x: Tensor) -> Tensor:
        """[rows, vocabulary] of the last layer's rows that sample."""
        return self._head(self._rms(x, self._norm))

    def _run(self, layer: _Layer, x: Tensor, cos: Tensor, sin: Tensor, memory: Tensor, plan: Plan) -> Tensor:
        config = self.config
        qkv = layer.qkv(self._rms(x, layer.before_attention)).view(len(x), -1, config.head_dim)
        rotated = qkv[:, : config.num_heads + config.num_kv_heads, : config.rotary_dim]
        rope.rotate_pairs(rotated, cos, sin)
        memory.flatten(0, 1).index_copy_(0, plan.slots, qkv[:, config.num_heads :])
        attended = layer.output(attend(qkv[:, : config.num_heads], memory, plan))
        x = x + self._rms(attended, layer.after_attention)
        return x + self._rms(layer.down(layer.gate_up(self._rms(x, layer.before_mlp))), layer.after_mlp)

    def _rms(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, self.config.rms_norm_eps)

    def _layer(self, weights: Weights, prefix: str) -> _Layer:
        config = self.config
        hidden, q = config.hidden_size, config.num_heads * config.head_dim
        kv, inner = config.num_kv_heads * config.head_dim, config.intermediate_size
        attention, mlp = f"{prefix}self_attn.", f"{prefix}mlp."

        def take(name: str, *shape: int) -> Tensor:
            return weights.take(name, shape).to(self.device, self.dtype)

        def norm(name: str) -> Tensor:
            return take(f"{prefix}{name}.weight", hidden).clone()

        sizes = {"q": q, "k": kv, "v": kv}
        bias = None
        if config.attention_bias:
            bias = torch.cat([take(f"{attention}{part}_proj.bias", size) for part, size in sizes.items()])
        qkv = torch.cat([take(f"{attention}{part}_proj.weight", size, hidden) for part, size in sizes.items()])
        return _Layer(
            qkv=linear(qkv, bias),
            output=linear(take(f"{attention}o_proj.weight", hidden, q)),
            gate_up=gated(take(f"{mlp}gate_up_proj.weight", 2 * inner, hidden)),
            down=linear(take(f"{mlp}down_proj.weight", hidden, inner)),
            before_attention=norm("input_layernorm"),
            after_attention=norm("post_self_attn_layernorm"),
            before_mlp=norm("post_attention_layernorm"),
            after_mlp=norm("post_mlp_layernorm"),
        )
