"""Sets of transcoders in the layout of decoderesearch/circuit-tracer (commit 4bb8c0e, 2026-04-18), computed by its formulas.

The formulas are those of SingleLayerTranscoder.encode and decode, JumpReLU, TopK, and CrossLayerTranscoder.encode and
compute_reconstruction, in float64.
"""

import safetensors.torch
import torch

LAYERS, WIDTH, FEATURES, ROWS, K = 3, 8, 24, 5, 4


def draw(*shape):
    return torch.randn(*shape) * 0.5


def activation(kind, pre, threshold):
    if kind == "relu":
        return pre.relu()
    if kind == "jumprelu":
        return pre * (pre > threshold)
    chosen = torch.zeros_like(pre).scatter_(-1, torch.topk(pre, K).indices, 1)
    return pre * chosen  # negative ones stay, unlike in SAELens


def config(folder, kind, hooks, **more):
    lines = {"model_name": "google/gemma-2-2b", "model_kind": kind, "feature_input_hook": hooks[0], "feature_output_hook": hooks[1]} | more
    (folder / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))


def per_layer(folder, write, kind, skip, hooks, **more):
    config(folder, "transcoder_set", hooks, **more)
    goldens = {}
    for layer in range(LAYERS):
        tensors = {"W_enc": draw(FEATURES, WIDTH), "W_dec": draw(FEATURES, WIDTH), "b_enc": draw(FEATURES), "b_dec": draw(WIDTH)}
        if kind == "jumprelu":
            tensors["activation_function.threshold"] = draw(FEATURES).abs() - 0.1  # some below zero
        if skip:
            tensors["W_skip"] = draw(WIDTH, WIDTH)
        safetensors.torch.save_file(tensors, folder / f"layer_{layer}.safetensors")
        wide = {name: tensor.double() for name, tensor in tensors.items()}
        x = draw(ROWS, WIDTH).double() * 3
        features = activation(kind, x @ wide["W_enc"].T + wide["b_enc"], wide.get("activation_function.threshold"))
        output = features @ wide["W_dec"] + wide["b_dec"] + (x @ wide["W_skip"].T if skip else 0)
        goldens |= {f"x.{layer}": x, f"features.{layer}": features, f"output.{layer}": output}
    write(folder, goldens)


def cross_layer(folder, write, kind):
    config(folder, "cross_layer_transcoder", ("hook_resid_mid", "hook_mlp_out"))
    goldens, output = {}, [0] * LAYERS
    for layer in range(LAYERS):
        encoder = {f"W_enc_{layer}": draw(FEATURES, WIDTH), f"b_enc_{layer}": draw(FEATURES), f"b_dec_{layer}": draw(WIDTH)}
        if kind == "jumprelu":
            encoder[f"threshold_{layer}"] = draw(FEATURES).abs()
        decoder = draw(FEATURES, LAYERS - layer, WIDTH)
        safetensors.torch.save_file(encoder, folder / f"W_enc_{layer}.safetensors")
        safetensors.torch.save_file({f"W_dec_{layer}": decoder}, folder / f"W_dec_{layer}.safetensors")
        wide = {name.rsplit("_", 1)[0]: tensor.double() for name, tensor in encoder.items()}
        x = draw(ROWS, WIDTH).double() * 3
        features = activation(kind, x @ wide["W_enc"].T + wide["b_enc"], wide.get("threshold"))
        for target in range(layer, LAYERS):
            output[target] = output[target] + features @ decoder[:, target - layer].double()
        output[layer] = output[layer] + wide["b_dec"]
        goldens |= {f"x.{layer}": x, f"features.{layer}": features}
    write(folder, goldens | {f"output.{layer}": tensor for layer, tensor in enumerate(output)})


def write(fresh, write):
    inputs = ("mlp.hook_in", "mlp.hook_out")
    per_layer(fresh("set-relu-skip"), write, "relu", True, ("mlp.hook_in", "hook_mlp_out"), activation="relu", scan="some/scan")
    per_layer(fresh("set-topk"), write, "topk", False, inputs, activation="topk", k=K)
    per_layer(fresh("set-jumprelu"), write, "jumprelu", False, ("ln2.hook_normalized", "hook_mlp_out"))
    cross_layer(fresh("cross-relu"), write, "relu")
    cross_layer(fresh("cross-jumprelu"), write, "jumprelu")
