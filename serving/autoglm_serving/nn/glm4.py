"""The language model of GLM-4 and GLM-4V: a stack of layers over the paged cache, rows of any sequences at once."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn import rope
from autoglm_serving.nn.cache import PagedCache
from autoglm_serving.nn.config import TextConfig
from autoglm_serving.nn.linear import Linear, Native, gated, linear
from autoglm_serving.nn.native.forward import Forward, LayerWeights
from autoglm_serving.nn.native.library import Kernels
from autoglm_serving.nn.ops import NativeOps, Ops, TorchOps, native
from autoglm_serving.nn.plan import Plan
from autoglm_serving.nn.weights import Weights

NORMS = ("before_attention", "after_attention", "before_mlp", "after_mlp")


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
        kernels = native(dtype, device, config.head_dim, config.num_heads // config.num_kv_heads)
        self._ops: Ops = TorchOps() if kernels is None else NativeOps(kernels)
        self.masks = self._ops.masks
        """Whether plans must hold masks."""
        self._whole = None if kernels is None else self._in_one_call(kernels)

    def embed(self, token_ids: Tensor) -> Tensor:
        """[rows] -> [rows, hidden]"""
        return F.embedding(token_ids, self._embedding)

    def forward(self, x: Tensor, places: Tensor, cache: PagedCache, plan: Plan, wanted: Tensor | None = None) -> Tensor:
        """Embeddings [rows, hidden] and positions [3, rows], in the plan's order; what the final norm gives.

        Of the rows that are `wanted`, all when it is None. Of others the last layer computes no more than what later
        tokens need, its keys and values.
        """
        angles = rope.angles(places, self._inverse, self._axis)
        cos, sin = angles.cos(), angles.sin()
        if self._whole is not None:
            return self._whole(x, cache, plan, cos, sin, wanted)
        ops, epsilon, head_dim = self._ops, self.config.rms_norm_eps, self.config.head_dim
        ops.begin(cache, plan)
        normed = ops.rms_norm(x, self._layers[0].before_attention, epsilon)
        for layer, memory, after in zip(self._layers, cache.layers, self._following(), strict=True):
            qkv = layer.qkv(normed).view(len(x), -1, head_dim)
            attended = ops.attend(qkv, memory, plan, cos, sin)
            if wanted is not None and layer is self._layers[-1]:
                x, attended = x[wanted], attended[wanted]
                if not len(x):
                    return x
            attended = layer.output(attended)
            x, normed = ops.add_and_norm(x, attended, layer.after_attention, layer.before_mlp, epsilon)
            x, normed = ops.add_and_norm(x, layer.down(layer.gate_up(normed)), layer.after_mlp, after, epsilon)
        return normed

    def logits(self, normed: Tensor) -> Tensor:
        """[rows, vocabulary] of what `forward` returned for the rows that sample."""
        return self._head(normed)

    def _following(self) -> list[Tensor]:
        """The norm behind each layer."""
        return [*(layer.before_attention for layer in self._layers[1:]), self._norm]

    def _in_one_call(self, kernels: Kernels) -> Forward | None:
        """None where products are not the kernels' own."""
        layers = []
        for layer, following in zip(self._layers, self._following(), strict=True):
            products = {name: getattr(layer, name) for name in ("qkv", "output", "gate_up", "down")}
            if not all(isinstance(product, Native) for product in products.values()):
                return None
            packed = {name: product.weight for name, product in products.items()}
            norms = {name: getattr(layer, name) for name in NORMS}
            layers.append(LayerWeights(**packed, **norms, qkv_bias=products["qkv"].bias, following=following))
        return Forward(kernels, self.config, layers)

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
