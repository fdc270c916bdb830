"""Tiny random models saved by Hugging Face transformers, and what transformers computes with them.

Every case becomes a folder beside this file: the model as `save_pretrained` writes it, goldens.safetensors and goldens.json.
README.md says what the tensors are and how to regenerate them; run this once per requirements file.
"""

import functools
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import safetensors.torch
import torch
import transformers
from torch.overrides import TorchFunctionMode
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

HERE = Path(__file__).parent
MAJOR = int(transformers.__version__.split(".")[0])
BATCH, POSITIONS = 2, 9

LLAMA = dict(
    vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=64, initializer_range=0.3, bos_token_id=0, eos_token_id=1,
)
GPT2 = dict(
    vocab_size=40, n_embd=16, n_layer=2, n_head=4, n_positions=64, initializer_range=0.3, bos_token_id=0, eos_token_id=0,
)
# With head_dim 8 and theta 10000 the wavelengths are 2 pi times 1, 10, 100 and 1000: one is below the high-frequency
# bound of 16 positions (kept), one between the bounds (blended), two above the low-frequency bound of 64 (divided).
LLAMA3_ROPE = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)


@dataclass(frozen=True)
class Case:
    name: str
    config: object
    major: int = 5  # the line of transformers that writes it
    dtype: torch.dtype = torch.float32  # of the stored weights
    save: dict = field(default_factory=dict)  # further arguments of save_pretrained
    like_hub: bool = False  # gpt2 as the hub has it: no "transformer." prefix, causal masks among the weights


def cases():
    llama = lambda **changes: LlamaConfig(**(LLAMA | changes))
    theta = lambda value: dict(rope_theta=value) if MAJOR < 5 else dict(
        rope_parameters=dict(rope_type="default", rope_theta=value)
    )
    llama3 = dict(max_position_embeddings=128) | (
        dict(rope_theta=10000.0, rope_scaling=LLAMA3_ROPE) if MAJOR < 5 else
        dict(rope_parameters=dict(rope_theta=10000.0) | LLAMA3_ROPE)
    )
    return [
        Case("llama-gqa-tied", llama(num_key_value_heads=2, num_hidden_layers=3, tie_word_embeddings=True)),
        Case("llama-head-dim", llama(num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-5, **theta(500.0))),
        Case("llama-rope-llama3", llama(num_key_value_heads=2, hidden_size=32, **llama3)),
        Case("llama-biases", llama(attention_bias=True, mlp_bias=True)),
        Case("llama-sharded", llama(num_key_value_heads=2), save=dict(max_shard_size="8KB")),
        Case("llama-bfloat16", llama(num_key_value_heads=2, tie_word_embeddings=True), dtype=torch.bfloat16),
        Case("llama-float16", llama(num_key_value_heads=1), dtype=torch.float16),
        Case(
            "llama-old-keys", llama(num_key_value_heads=2, hidden_size=32, tie_word_embeddings=True, **llama3), major=4
        ),
        Case("gpt2-prefixed", GPT2Config(**GPT2)),
        Case("gpt2-hub", GPT2Config(**(GPT2 | dict(n_layer=3, n_head=2, n_positions=32))), major=4, like_hub=True),
        Case("gpt2-inner", GPT2Config(**(GPT2 | dict(n_inner=40, layer_norm_epsilon=1e-3)))),
    ]


class Float64Everywhere(TorchFunctionMode):
    """Widens what transformers fixes at float32 whatever the model's type: rotary tables, RMSNorm, llama's softmax."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        widen = lambda value: torch.float64 if value is torch.float32 else value
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        return func(*map(widen, args), **{name: widen(value) for name, value in (kwargs or {}).items()})


def randomise(model, generator):
    """Matrices N(0, 0.3²), biases N(0, 0.3²), norm weights N(1, 0.3²): nothing is one or zero by chance of the library."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_norm_weight = parameter.dim() == 1 and name.endswith("weight")
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3 + (1.0 if is_norm_weight else 0.0))


def save(case, folder, generator):
    shutil.rmtree(folder, ignore_errors=True)
    model_class = GPT2LMHeadModel if case.config.model_type == "gpt2" else LlamaForCausalLM
    model = model_class(case.config).eval()
    randomise(model, generator)
    model.to(case.dtype).save_pretrained(folder, **case.save)
    if case.like_hub:
        model.transformer.save_pretrained(folder)
        weights = safetensors.torch.load_file(folder / "model.safetensors")
        mask = torch.ones(1, 1, case.config.n_positions, case.config.n_positions).tril()
        weights |= {f"h.{layer}.attn.bias": mask.clone() for layer in range(case.config.n_layer)}
        safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        model.config.architectures = [model_class.__name__]
        model.config.save_pretrained(folder)
    return model_class


def load(model_class, folder, dtype):
    torch_dtype = {"dtype" if MAJOR >= 5 else "torch_dtype": dtype}
    return model_class.from_pretrained(folder, attn_implementation="eager", **torch_dtype).eval()


def first(output):
    return output[0] if isinstance(output, tuple) else output


def record(model, ids, next_tokens):
    """One forward pass, and the gradient of the sum over the batch of log p(next token | ids) at the last position."""
    gpt2 = model.config.model_type == "gpt2"
    layers = model.transformer.h if gpt2 else model.model.layers
    seen = {"residual": [], "attention_output": [], "mlp_output": []}
    keep = lambda key, module, inputs, output: seen[key].append(first(output))
    handles = [layers[0].register_forward_pre_hook(lambda module, inputs: seen["residual"].append(inputs[0]))]
    for layer in layers:
        handles.append(layer.register_forward_hook(functools.partial(keep, "residual")))
        handles.append((layer.attn if gpt2 else layer.self_attn).register_forward_hook(functools.partial(keep, "attention_output")))
        handles.append(layer.mlp.register_forward_hook(functools.partial(keep, "mlp_output")))
    logits = model(input_ids=ids, use_cache=False).logits
    for handle in handles:
        handle.remove()
    log_probability = logits[:, -1].log_softmax(-1).gather(1, next_tokens[:, None])[:, 0]
    gradients = torch.autograd.grad(log_probability.sum(), seen["attention_output"] + seen["mlp_output"])
    stacked = {key: torch.stack(values) for key, values in seen.items()}
    stacked["attention_output_gradient"] = torch.stack(gradients[: len(layers)])
    stacked["mlp_output_gradient"] = torch.stack(gradients[len(layers) :])
    recorded = {"logits": logits, "log_probability": log_probability} | stacked
    return {name: tensor.detach().contiguous() for name, tensor in recorded.items()}


def max_difference(left, right):
    return float((left["logits"].double() - right["logits"].double()).abs().max())


def make(case, seed):
    folder = HERE / case.name
    generator = torch.Generator().manual_seed(seed)
    model_class = save(case, folder, generator)
    ids = torch.randint(case.config.vocab_size, (BATCH, POSITIONS), generator=generator)
    next_tokens = torch.randint(case.config.vocab_size, (BATCH,), generator=generator)

    double = load(model_class, folder, torch.float64)
    unmodified = record(double, ids, next_tokens)
    with Float64Everywhere():
        if hasattr(double.base_model, "rotary_emb"):
            double.base_model.rotary_emb = type(double.base_model.rotary_emb)(double.config)
            assert double.base_model.rotary_emb.inv_freq.dtype == torch.float64
        exact = record(double, ids, next_tokens)
    single = record(load(model_class, folder, torch.float32), ids, next_tokens)
    native = record(load(model_class, folder, case.dtype), ids, next_tokens)
    assert all(tensor.dtype == torch.float64 for tensor in exact.values())

    tensors = {"input_ids": ids, "next_tokens": next_tokens, "logits_float32": single["logits"]} | exact
    safetensors.torch.save_file(tensors, folder / "goldens.safetensors")
    notes = {
        "made_by": "goldens/transformers/make_goldens.py",
        "transformers": transformers.__version__,
        "torch": torch.__version__.split("+")[0],
        "seed": seed,
        "weights_dtype": str(case.dtype).removeprefix("torch."),
        "largest_logit": float(exact["logits"].abs().max()),
        "max_logit_difference_from_float64": {
            "float32, unmodified transformers": max_difference(single, exact),
            "float64, unmodified transformers": max_difference(unmodified, exact),
            "weights' own dtype, unmodified transformers": max_difference(native, exact),
        },
    }
    (folder / "goldens.json").write_text(json.dumps(notes, indent=2) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{case.name}: {size} bytes, {notes['max_logit_difference_from_float64']}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for seed, case in enumerate(cases(), start=1):
        if case.major == min(MAJOR, 5):
            make(case, seed)
