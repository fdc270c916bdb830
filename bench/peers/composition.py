"""What one writes today to attribute a sampled chain of thought to edges: transformers, hooks, autograd.

At gate α every block of the live run reads α·r + (1 − α)·r', r' being what the same block reads in a run on the
corrupted prompt with the same sampled tokens; hooks put that in front of every norm. Hooks that mix two runs do not
compose with a KV cache, so each token costs both runs over the whole sequence so far. The gradient comes from one
teacher-forced backward pass a rollout, in which q, k and v of every head read a copy of their own, as in
TransformerLens; scores are sums of products of what the sources added, live less corrupted, with the reads' gradients.
"""

from functools import partial

import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM


class PerHead(nn.Module):
    """A projection to heads: of one read of all, or of a read of its own for every query head, [B, T, 3·H·D]."""

    def __init__(self, linear: nn.Linear, slot: int, heads: int, width: int):
        super().__init__()
        self.linear, self.slot, self.heads = linear, slot, heads
        self.group = heads * width // linear.out_features
        self.width = width

    def forward(self, read: Tensor) -> Tensor:
        inner = self.linear.in_features
        if read.shape[-1] == inner:
            shared = self.linear(read).unflatten(-1, (-1, self.width))
            return shared.repeat_interleave(self.group, 2).flatten(2)
        own = read.unflatten(-1, (3, self.heads, inner))[:, :, self.slot]
        weight = self.linear.weight.view(-1, self.width, inner).repeat_interleave(self.group, 0)
        return torch.einsum("bthd,hkd->bthk", own, weight).flatten(2)


class Composition:
    """A llama model with hooks. Scores are [sources, targets] in EAP-IG's order."""

    def __init__(self, model: LlamaForCausalLM):
        self.model = model.requires_grad_(False)
        config = model.config
        self.layers, self.heads = config.num_hidden_layers, config.num_attention_heads
        self.sources = 1 + self.layers * (self.heads + 1)
        self.targets = self.layers * (3 * self.heads + 1) + 1
        self.alpha: float | None = None  # None in a corrupted run.
        self.corrupted: dict[nn.Module, Tensor] = {}  # What the norms read there.
        self.difference: Tensor | None = None  # Live less corrupted outputs [B, T, sources, D], while there is a gradient.
        self.scores: Tensor | None = None
        self._hook()

    def _hook(self) -> None:
        heads, model = self.heads, self.model.model
        model.embed_tokens.register_forward_hook(self._write_input)
        for at, layer in enumerate(model.layers):
            attention, first, source = layer.self_attn, at * (3 * heads + 1), 1 + at * (heads + 1)
            for slot, name in enumerate(("q_proj", "k_proj", "v_proj")):
                setattr(attention, name, PerHead(getattr(attention, name), slot, heads, attention.head_dim))
            attention.num_key_value_groups = 1
            attention.o_proj.register_forward_pre_hook(partial(self._write_heads, slice(source, source + heads)))
            layer.mlp.register_forward_hook(partial(self._write, source + heads))
            columns = slice(first, first + 3 * heads)
            layer.input_layernorm.register_forward_pre_hook(partial(self._read, columns, source, 3 * heads))
            layer.input_layernorm.register_forward_hook(lambda module, read, out: out.flatten(2))
            column = slice(first + 3 * heads, first + 3 * heads + 1)
            layer.post_attention_layernorm.register_forward_pre_hook(partial(self._read, column, source + heads, 0))
        column = slice(self.targets - 1, self.targets)
        model.norm.register_forward_pre_hook(partial(self._read, column, self.sources, 0))

    def _write(self, source: int | slice, module: nn.Module, given, output: Tensor) -> None:
        if self.difference is not None:
            self.difference[:, :, source] += (-1 if self.alpha is None else 1) * output.detach()

    def _write_input(self, module: nn.Module, given, output: Tensor) -> Tensor:
        self._write(0, module, given, output)
        return output.requires_grad_(self.difference is not None and self.alpha is not None)

    def _write_heads(self, sources: slice, module: nn.Linear, given: tuple[Tensor]) -> None:
        if self.difference is not None:
            z = given[0].detach().unflatten(-1, (self.heads, -1))
            weight = module.weight.unflatten(1, (self.heads, -1))
            self._write(sources, module, given, torch.einsum("bthk,dhk->bthd", z, weight))

    def _read(self, columns: slice, visible: int, copies: int, module: nn.Module, given: tuple[Tensor]):
        (stream,) = given
        if self.alpha is None:
            self.corrupted[module] = stream
            return None
        mixed = self.alpha * stream + (1 - self.alpha) * self.corrupted[module]
        if self.difference is not None:
            if copies:
                mixed = mixed.unsqueeze(2).expand(-1, -1, copies, -1)
            mixed.register_hook(partial(self._score, columns, visible))
        return (mixed,)

    def _score(self, columns: slice, visible: int, gradient: Tensor) -> None:
        gradient = gradient if gradient.dim() == 4 else gradient.unsqueeze(2)
        self.scores[:visible, columns] += torch.einsum("btsd,btcd->sc", self.difference[:, :, :visible], gradient)

    def logits(self, alpha: float, clean: Tensor, corrupted: Tensor, last: int) -> Tensor:
        """Logits [B, last, V] of the gated run at the last positions of ids [B, T]."""
        with torch.no_grad():
            self.alpha = None
            self.model.model(input_ids=corrupted, use_cache=False)
        self.alpha = alpha
        return self.model(input_ids=clean, use_cache=False, logits_to_keep=last).logits

    def gradient(self, alpha: float, clean: Tensor, corrupted: Tensor, tokens: Tensor, surrogate) -> Tensor:
        """The gradient of SURROGATE(logits [steps + 1, V]) with respect to every edge's gate, on one transcript."""
        ids = [torch.cat([prompt, tokens])[None] for prompt in (clean, corrupted)]
        weight = self.model.lm_head.weight
        self.difference = weight.new_zeros(1, ids[0].shape[1], self.sources, weight.shape[1])
        self.scores = weight.new_zeros(self.sources, self.targets)
        surrogate(self.logits(alpha, *ids, len(tokens) + 1)[0]).backward()
        scores, self.difference, self.scores = self.scores, None, None
        return scores
