"""Tiny random models saved by Hugging Face transformers, and what transformers computes with them.

Every case of cases.py becomes a folder beside this file: the model as `save_pretrained` writes it, goldens.safetensors and
goldens.json. README.md says what the tensors are and how to regenerate them; run this once per requirements file.
"""

import functools
import json
import shutil
from pathlib import Path

import safetensors.torch
import torch
import transformers
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cases import DROP, MAJOR, cases

HERE = Path(__file__).parent
BATCH, PREFILLED = 2, 4
GEMMA = ("gemma2", "gemma3", "gemma3_text")


class Float64Everywhere(TorchFunctionMode):
    """Widens what transformers fixes at float32 whatever the model's type: rotary tables, RMSNorm, softmax."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        widen = lambda value: torch.float64 if value is torch.float32 else value
        if func is torch.Tensor.float:
            func = torch.Tensor.double
        return func(*map(widen, args), **{name: widen(value) for name, value in (kwargs or {}).items()})


class NothingNarrower(TorchDispatchMode):
    """Fails where a kernel, in either direction, makes floating-point numbers of another type than float64."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for made in tree_leaves(result):
            if isinstance(made, torch.Tensor) and made.is_floating_point() and made.dtype != torch.float64:
                raise AssertionError(f"{func} makes {made.dtype}")
        return result


def randomise(model, generator):
    """Matrices and biases N(0, 0.3²), norms' factors N(1, 0.3²): nothing is one or zero by chance of the library."""
    stored_less = 1.0 if model.config.model_type in GEMMA else 0.0  # Gemma's norms multiply by one more than what is stored
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_norm_weight = parameter.dim() == 1 and name.endswith("weight")
            mean = 1.0 - stored_less if is_norm_weight else 0.0
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3 + mean)


def hub_buffers(config):
    """The causal masks and rotary tables that old releases stored among the weights."""
    if config.model_type == "gpt2":
        mask = torch.ones(1, 1, config.n_positions, config.n_positions).tril()
        return {f"h.{layer}.attn.bias": mask.clone() for layer in range(config.n_layer)}
    positions = config.max_position_embeddings
    dim = int(config.hidden_size // config.num_attention_heads * config.rotary_pct)
    buffers = {
        "bias": torch.ones(1, 1, positions, positions, dtype=torch.bool).tril(),
        "masked_bias": torch.tensor(-1e9),
        "rotary_emb.inv_freq": config.rotary_emb_base ** (-torch.arange(0, dim, 2) / dim),
    }
    return {
        f"gpt_neox.layers.{layer}.attention.{name}": tensor.clone()
        for layer in range(config.num_hidden_layers) for name, tensor in buffers.items()
    }


def rewrite_weights(folder, rewrite):
    weights = rewrite(safetensors.torch.load_file(folder / "model.safetensors"))
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def renamed(name, prefixes):
    return next((new + name.removeprefix(old) for old, new in prefixes.items() if name.startswith(old)), name)


def edit_config(folder, edits):
    config = json.loads((folder / "config.json").read_text()) | edits
    kept = {key: value for key, value in config.items() if value is not DROP}
    (folder / "config.json").write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def save(case, folder, generator):
    shutil.rmtree(folder, ignore_errors=True)
    model_class = transformers.MODEL_FOR_CAUSAL_LM_MAPPING[type(case.config)]
    model = model_class(case.config).eval()
    randomise(model, generator)
    model.to(case.dtype).save_pretrained(folder, **case.save)
    if case.like_hub and case.config.model_type == "gpt2":
        model.transformer.save_pretrained(folder)
        model.config.architectures = [model_class.__name__]
        model.config.save_pretrained(folder)
    if case.like_hub:
        rewrite_weights(folder, lambda weights: weights | hub_buffers(case.config))
    if case.rename:
        rewrite_weights(folder, lambda weights: {renamed(name, case.rename): data for name, data in weights.items()})
    if case.edits:
        edit_config(folder, case.edits)
    return model_class


def load(model_class, folder, dtype):
    torch_dtype = {"dtype" if MAJOR >= 5 else "torch_dtype": dtype}
    return model_class.from_pretrained(folder, attn_implementation="eager", **torch_dtype).eval()


def load_widened(model_class, folder):
    """The model in float64, its rotary tables computed again in float64 rather than widened afterwards."""
    model = load(model_class, folder, torch.float64)
    with Float64Everywhere():
        for module in list(model.modules()):
            for name, child in module.named_children():
                if name.startswith("rotary_emb"):
                    setattr(module, name, type(child)(config=child.config))
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        assert tensor.dtype == torch.float64 or not tensor.is_floating_point(), name
        assert not name.endswith("embed_scale") or tensor == model.config.get_text_config().hidden_size ** 0.5
    return model


def first(output):
    return output[0] if isinstance(output, tuple) else output


def writers(model):
    """The layers, and of each the modules whose outputs are added to the residual stream."""
    family = model.config.model_type
    if family == "gpt2":
        return [(layer, layer.attn, layer.mlp) for layer in model.transformer.h]
    if family == "gpt_neox":
        return [(layer, layer.attention, layer.mlp) for layer in model.gpt_neox.layers]
    layers = (model.model.language_model if family == "gemma3" else model.model).layers
    if family in GEMMA:
        return [(layer, layer.post_attention_layernorm, layer.post_feedforward_layernorm) for layer in layers]
    return [(layer, layer.self_attn, layer.mlp) for layer in layers]


def record(model, ids, next_tokens):
    """One forward pass, and the gradient of the sum over the batch of log p(next token | ids) at the last position."""
    seen = {"residual": [], "attention_output": [], "mlp_output": []}
    keep = lambda key, module, inputs, output: seen[key].append(first(output))
    layers = writers(model)
    handles = [layers[0][0].register_forward_pre_hook(lambda module, inputs: seen["residual"].append(inputs[0]))]
    for modules in layers:
        for key, module in zip(seen, modules):
            handles.append(module.register_forward_hook(functools.partial(keep, key)))
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


def decode(model, ids):
    """Logits [B, T, V] with transformers' own cache: some positions at once, then one at a time."""
    with torch.no_grad():
        step = model(input_ids=ids[:, :PREFILLED], use_cache=True)
        logits = [step.logits]
        for position in range(PREFILLED, ids.shape[1]):
            step = model(input_ids=ids[:, position : position + 1], past_key_values=step.past_key_values, use_cache=True)
            logits.append(step.logits)
    return torch.cat(logits, 1)


def max_difference(left, right):
    return float((left["logits"].double() - right["logits"].double()).abs().max())


def check(exact, single, decoded):
    """The stream is the sum of what is written to it, the widened model is the model, and its cache changes nothing."""
    written = exact["attention_output"] + exact["mlp_output"]
    assert (exact["residual"].diff(dim=0) - written).abs().max() <= 1e-12 * exact["residual"].abs().max()
    largest = exact["logits"].abs().max()
    assert max_difference(single, exact) <= 1e-5 * largest
    assert (decoded - exact["logits"]).abs().max() <= 1e-12 * largest


def make(case, seed):
    folder = HERE / case.name
    generator = torch.Generator().manual_seed(seed)
    model_class = save(case, folder, generator)
    vocabulary = case.config.get_text_config().vocab_size
    ids = torch.randint(vocabulary, (BATCH, case.positions), generator=generator)
    next_tokens = torch.randint(vocabulary, (BATCH,), generator=generator)

    unmodified = record(load(model_class, folder, torch.float64), ids, next_tokens)
    widened = load_widened(model_class, folder)
    with Float64Everywhere(), NothingNarrower():
        exact = record(widened, ids, next_tokens)
        decoded = decode(widened, ids)
    single = record(load(model_class, folder, torch.float32), ids, next_tokens)
    native = record(load(model_class, folder, case.dtype), ids, next_tokens)
    check(exact, single, decoded)

    tensors = {"input_ids": ids, "next_tokens": next_tokens, "logits_float32": single["logits"], "logits_cached": decoded}
    safetensors.torch.save_file(tensors | exact, folder / "goldens.safetensors")
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


def check_old(case):
    """transformers 5 understands what transformers 4 wrote as transformers 4 did."""
    folder = HERE / case.name
    widened = load_widened(transformers.MODEL_FOR_CAUSAL_LM_MAPPING[type(case.config)], folder)
    goldens = safetensors.torch.load_file(folder / "goldens.safetensors")
    with torch.no_grad(), Float64Everywhere(), NothingNarrower():
        logits = widened(input_ids=goldens["input_ids"], use_cache=False).logits
    assert (logits - goldens["logits"]).abs().max() <= 1e-12 * goldens["logits"].abs().max()


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for seed, case in enumerate(cases(), start=1):
        if case.major == min(MAJOR, 5):
            make(case, seed)
        elif case.major < MAJOR:
            check_old(case)
