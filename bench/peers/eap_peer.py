"""EAP-IG as it is, on the CPU: what the programs that compare with it share."""

import importlib
import json
import random
import sys
import time
import types
import warnings
from collections.abc import Callable
from pathlib import Path

from weights import checkpoint

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # One token each, `A` is 1.
METHODS = {
    "eap": "EAP", "eap-ig-inputs": "EAP-IG-inputs", "eap-ig-activations": "EAP-IG-activations",
    "clean-corrupted": "clean-corrupted", "exact": "exact",
}
OBJECTIVES = ["logit-diff", "prob-diff", "answer-logprob", "answer-kl"]


def make_pairs(count: int, tokens: int) -> list[dict]:
    """Pairs as Cotrace reads them; every prompt begins with the special token, as TransformerLens puts it there."""
    draws = random.Random(1)
    prompt = lambda: [0, *(draws.randrange(1, len(LETTERS) + 1) for _ in range(tokens - 1))]
    answers = lambda: draws.sample(range(1, len(LETTERS) + 1), 2)
    pairs = ((prompt(), prompt(), answers()) for _ in range(count))
    return [dict(clean_ids=c, corrupted_ids=d, answer_ids=a[:1], wrong_ids=a[1:]) for c, d, a in pairs]


def parts(config) -> dict:
    """What HookedTransformerConfig has to be told of a model of CONFIG."""
    common = dict(n_layers=config.num_hidden_layers, d_model=config.hidden_size, n_heads=config.num_attention_heads,
                  d_head=config.hidden_size // config.num_attention_heads, d_vocab=config.vocab_size)
    match config.model_type:
        case "gpt2":
            return common | dict(n_ctx=config.n_positions, act_fn="gelu_new", normalization_type="LN",
                                 eps=config.layer_norm_epsilon)
        case "gpt_neox":
            rope = config.rope_parameters
            return common | dict(
                n_ctx=config.max_position_embeddings, d_mlp=config.intermediate_size, act_fn=config.hidden_act,
                normalization_type="LN", eps=config.layer_norm_eps, positional_embedding_type="rotary",
                rotary_dim=int(rope["partial_rotary_factor"] * common["d_head"]), rotary_base=int(rope["rope_theta"]),
                rotary_adjacent_pairs=False, parallel_attn_mlp=True,
            )
        case "llama":
            return common | dict(
                n_ctx=config.max_position_embeddings, d_mlp=config.intermediate_size, act_fn="silu",
                normalization_type="RMS", eps=config.rms_norm_eps, positional_embedding_type="rotary",
                rotary_dim=common["d_head"], rotary_base=int(config.rope_parameters["rope_theta"]),
                rotary_adjacent_pairs=False, final_rms=True, gated_mlp=True,
                n_key_value_heads=config.num_key_value_heads, ungroup_grouped_query_attention=True,
            )
    sys.exit(f"expected a gpt2, gpt_neox or llama, got {config.model_type}")


def hooked_transformer(folder: Path, dtype):
    """The checkpoint as a HookedTransformer, its weights as they are in the file."""
    import torch
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained import weight_conversions
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    warnings.simplefilter("ignore", DeprecationWarning)
    source = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token = tokenizer.bos_token
    model = HookedTransformer(
        HookedTransformerConfig(
            **parts(source.config), dtype=dtype, device="cpu", use_attn_result=True, use_split_qkv_input=True,
            use_hook_mlp_in=True,
        ),
        tokenizer,
    )
    name = source.config.model_type.replace("gpt_neox", "neox")
    weights = getattr(weight_conversions, f"convert_{name}_weights")(source, model.cfg)
    model.load_and_process_state_dict(
        weights, fold_ln=False, center_writing_weights=False, center_unembed=False, fold_value_biases=False
    )
    ids = torch.arange(8)[None]
    off = float((model(ids) - source(ids).logits).abs().max().detach())
    if off > 1e-3:
        sys.exit(f"expected the logits of transformers from the HookedTransformer, but they are off by {off}")
    return model


def modules(eap_ig: Path) -> tuple:
    """EAP-IG's modules `graph` and `attribute`, without the pictures, and on the CPU."""
    import torch

    sys.path.insert(0, str(eap_ig / "src"))
    pictures = types.ModuleType("eap.visualization")
    pictures.get_color = pictures.generate_random_color = None
    sys.modules["eap.visualization"] = pictures
    zeros = torch.zeros
    torch.zeros = lambda *sizes, device=None, **rest: zeros(*sizes, device="cpu" if device == "cuda" else device, **rest)
    return importlib.import_module("eap.graph"), importlib.import_module("eap.attribute")


def losses(objective: str) -> Callable:
    """Minus OBJECTIVE of each pair of a batch."""
    import torch

    def of(logits, clean_logits, lengths, labels):
        at = (torch.arange(len(lengths)), lengths - 1)
        last = logits[at]
        contrast = lambda values: values.gather(1, labels).unbind(1)
        match objective:
            case "logit-diff":
                answer, wrong = contrast(last)
            case "prob-diff":
                answer, wrong = contrast(last.softmax(-1))
            case "answer-logprob":
                answer, wrong = contrast(last.log_softmax(-1))[0], 0
            case "answer-kl":
                p, q = clean_logits[at].log_softmax(-1), last.log_softmax(-1)
                answer, wrong = (p.exp() * (p - q)).sum(-1), 0
        return wrong - answer

    return of


def attribute(
    eap_ig: Path, shape: str, method: str, points: int, objective: str, batch: int, threads: int, file: Path, out: Path,
    precision: str = "float32", intervention: str = "patching",
) -> None:
    """EAP-IG's scores of the pairs of FILE to OUT, and on standard output its seconds and processor seconds."""
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(threads)
    graph_module, attribute_module = modules(eap_ig)
    model = hooked_transformer(checkpoint(shape), getattr(torch, precision))
    pairs = [json.loads(line) for line in file.read_text().splitlines()]
    text = lambda ids: "".join(LETTERS[id - 1] for id in ids[1:])  # The special token is put in front.
    assert model.to_tokens([text(pair["clean_ids"]) for pair in pairs]).tolist() == [p["clean_ids"] for p in pairs]
    batches = [
        ([text(p["clean_ids"]) for p in some], [text(p["corrupted_ids"]) for p in some],
         torch.tensor([p["answer_ids"] + p["wrong_ids"] for p in some]))
        for some in (pairs[i : i + batch] for i in range(0, len(pairs), batch))
    ]
    each = losses(objective)
    # Gradients are divided by the number of pairs in the end; interventions are averaged over what the metric gives.
    metric = each if method == "exact" else lambda *arguments: each(*arguments).sum()
    graph = graph_module.Graph.from_model(model)
    start, cpu = time.perf_counter(), time.process_time()
    attribute_module.attribute(
        model, graph, batches, metric, METHODS[method], intervention=intervention, ig_steps=points, quiet=True,
        intervention_dataloader=batches,
    )
    print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
    save_file({"scores": graph.scores, "edges": graph.real_edge_mask}, out)


def agreement(theirs: Path, mine: Path) -> dict:
    """How all edges' scores agree; errors are relative to the largest score."""
    import torch
    from safetensors.torch import load_file

    expected = load_file(theirs)
    edges = expected["edges"]
    a, b = expected["scores"].double(), load_file(mine)["scores"].double()
    largest = float(a.abs().max())
    stray = int((b[~edges] != 0).sum())
    a, b = a[edges], b[edges]
    relative = (a - b).abs() / a.abs().clamp_min(1e-30)
    top = lambda x: set(x.abs().topk(min(200, len(x))).indices.tolist())
    return dict(
        edges=len(a), scores_without_edge=stray, largest_score=largest,
        correlation=float(torch.corrcoef(torch.stack([a, b]))[0, 1]),
        max_error_over_largest=float((a - b).abs().max()) / largest,
        median_relative_error=float(relative.median()), max_relative_error=float(relative.max()),
        top_200_in_common=len(top(a) & top(b)),
    )
