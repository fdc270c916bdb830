"""Tiny random dictionaries as their own libraries store them, and what those compute with them.

Every case becomes a folder beside this file with goldens.safetensors (README.md says what is in it). SAELens makes and
computes all but circuit-tracer's sets, whose formulas stand in circuit_tracer.py.

Run: pip install -r requirements.txt && python make_goldens.py
"""

import json
import shutil
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import safetensors.torch
import torch
from sae_lens import SAE
from sae_lens.loading import pretrained_sae_loaders as loaders
from sae_lens.registry import get_sae_class
from sae_lens.saes.sae import SAEMetadata

import circuit_tracer

HERE = Path(__file__).parent
WIDTH, OUT, FEATURES, ROWS, K = 8, 6, 24, 5, 4
HEADS = 2
FOLD = 1.75

RESIDUAL = {"hook_name": "blocks.3.hook_resid_pre", "model_name": "gpt2-small", "prepend_bos": True}
MLP = {"hook_name": "blocks.2.ln2.hook_normalized", "hook_name_out": "blocks.2.hook_mlp_out", "model_name": "gpt2-small"}
Z = {"hook_name": "blocks.1.attn.hook_z", "model_name": "gpt2-small"}
TRANSCODERS = ("transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder")


def new(architecture, metadata=None, **settings):
    """A dictionary of SAELens with random weights: biases and thresholds are not zero by chance of the library."""
    settings = {"d_in": WIDTH, "d_sae": FEATURES, "dtype": "float32"} | settings
    if architecture in TRANSCODERS:
        settings = {"d_out": OUT, "apply_b_dec_to_input": False} | settings
    kind, config = get_sae_class(architecture)
    metadata = metadata or (MLP if architecture in TRANSCODERS else RESIDUAL)
    sae = kind(config(**settings, metadata=SAEMetadata(**metadata)))
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.5)
            if name == "threshold":
                parameter.copy_(parameter.abs() + 0.05)
    return sae


def computed(sae, x):
    """Features and output in float64. Fails where float32 would choose other features."""
    with torch.no_grad():
        wide = sae.to(torch.float64)
        features, output = wide.encode(x), wide(x)
        narrow = sae.to(torch.float32)
        narrow_features, narrow_output = narrow.encode(x.float()), narrow(x.float())
    for less, more in ((narrow_features, features), (narrow_output, output)):
        torch.testing.assert_close(less.double(), more, rtol=1e-5, atol=1e-5)
    return {"x": x, "features": features, "output": output}


def inputs(*shape):
    """Not centred, and of unequal lengths, so that every normalisation shows; exact in float32."""
    return (torch.randn(ROWS, *shape) * torch.tensor(np.linspace(0.5, 3, ROWS)).reshape(-1, *[1] * len(shape)) + 0.4).float().double()


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write(folder, tensors):
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "goldens.safetensors")


def edit(folder, change):
    """Rewrites cfg.json and has SAELens read the folder once more."""
    path = folder / "cfg.json"
    path.write_text(json.dumps(change(json.loads(path.read_text())), indent=1) + "\n")
    return SAE.load_from_disk(folder)


def old(config, **more):
    """The flat spelling from before SAELens 6."""
    flat = {key: value for key, value in config.items() if key not in ("metadata", "reshape_activations")}
    metadata = config["metadata"]
    flat |= {key: metadata[key] for key in ("model_name", "prepend_bos") if key in metadata}
    flat |= {"hook_point": metadata["hook_name"], "hook_point_layer": 3, "hook_point_head_index": None, "activation_fn_str": "relu"}
    flat |= {"finetuning_scaling_factor": False, "context_size": 128, "lr": 0.0004, "sae_lens_training_version": None}
    return {key: value for key, value in (flat | more).items() if value is not ...}


def saelens():
    standard = {
        "standard": {},
        "standard-whole-input": {"apply_b_dec_to_input": False},
        "standard-layer-norm": {"normalize_activations": "layer_norm"},
        "standard-constant-norm": {"normalize_activations": "constant_norm_rescale"},
        "standard-expected-average": {"normalize_activations": "expected_average_only_in"},
        "standard-bfloat16": {"dtype": "bfloat16"},
    }
    cases = {name: ("standard", settings) for name, settings in standard.items()} | {
        "gated": ("gated", {}),
        "jumprelu": ("jumprelu", {}),
        "jumprelu-layer-norm": ("jumprelu", {"normalize_activations": "layer_norm", "apply_b_dec_to_input": False}),
        "topk": ("topk", {"k": K}),
        "topk-decoder-norm": ("topk", {"k": K, "rescale_acts_by_decoder_norm": True}),
        "topk-constant-norm": ("topk", {"k": K, "normalize_activations": "constant_norm_rescale"}),
        "transcoder": ("transcoder", {}),
        "transcoder-layer-norm": ("transcoder", {"normalize_activations": "layer_norm"}),
        "skip-transcoder": ("skip_transcoder", {}),
        "jumprelu-transcoder": ("jumprelu_transcoder", {}),
        "jumprelu-skip-transcoder": ("jumprelu_skip_transcoder", {}),
    }
    for name, (architecture, settings) in cases.items():
        folder = fresh(name)
        sae = new(architecture, **settings)
        sae.save_model(folder)
        write(folder, computed(edit(folder, lambda config: config), inputs(WIDTH)))

    folder = fresh("centred")
    new("standard", RESIDUAL | {"model_from_pretrained_kwargs": {"center_writing_weights": True}}).save_model(folder)
    write(folder, computed(edit(folder, lambda config: config), inputs(WIDTH)))

    # The factor is SAELens' to know: it stands in its own list of dictionaries, not in the folder.
    folder = fresh("standard-folded")
    new("standard", normalize_activations="expected_average_only_in").save_model(folder)
    sae = edit(folder, lambda config: config).to(torch.float64)
    sae.fold_activation_norm_scaling_factor(FOLD)
    write(folder, computed(sae, inputs(WIDTH)))

    for name, change in {
        "heads": lambda config: config,
        "heads-old": lambda config: old(config, hook_point_layer=1),
    }.items():
        folder = fresh(name)
        new("standard", Z, reshape_activations="hook_z").save_model(folder)
        write(folder, computed(edit(folder, change), inputs(HEADS, WIDTH // HEADS)))

    for name, architecture, settings, more in (
        ("standard-old", "standard", {}, {"architecture": ..., "apply_b_dec_to_input": ..., "normalize_activations": False}),
        ("standard-old-true", "standard", {}, {"normalize_activations": True, "sae_lens_version": "3.11.0"}),
        ("gated-old", "gated", {}, {"normalize_activations": None}),
        ("topk-old", "topk", {"k": K}, {"architecture": "standard", "k": ..., "activation_fn_str": "topk", "activation_fn_kwargs": {"k": K}, "normalize_activations": "layer_norm"}),
    ):
        folder = fresh(name)
        new(architecture, **settings).save_model(folder)
        write(folder, computed(edit(folder, lambda config: old(config, **more)), inputs(WIDTH)))

    # Of the time when every file had a scaling factor, of ones where nothing was tuned.
    folder = fresh("scaling-ones")
    new("standard").save_model(folder)
    weights = safetensors.torch.load_file(folder / "sae_weights.safetensors")
    safetensors.torch.save_file(weights | {"scaling_factor": torch.ones(FEATURES)}, folder / "sae_weights.safetensors")
    write(folder, computed(edit(folder, lambda config: old(config)), inputs(WIDTH)))

    # SAELens 6 no longer reads others. SAELens 5: features times the factor, then the decoder (sae.py, decode).
    folder = fresh("scaling")
    new("standard").save_model(folder)
    sae = edit(folder, lambda config: old(config, finetuning_scaling_factor=True))
    weights = safetensors.torch.load_file(folder / "sae_weights.safetensors")
    scaling = torch.rand(FEATURES) + 0.5
    safetensors.torch.save_file(weights | {"scaling_factor": scaling}, folder / "sae_weights.safetensors")
    golden = computed(sae, inputs(WIDTH))
    with torch.no_grad():
        golden["output"] = (golden["features"] * scaling) @ sae.W_dec.double() + sae.b_dec.double()
    write(folder, golden)


def loaded(loader, repository, folder, shapes):
    """What SAELens makes of files that it would fetch; `shapes` stand for those of the real ones."""
    local = lambda repo_id, filename, subfolder=None, **_: str(HERE / repo_id.split("/")[-1] / (subfolder or "") / filename)
    with mock.patch.object(loaders, "hf_hub_download", local), mock.patch.object(
        loaders, "get_safetensors_tensor_shapes",
        lambda repo_id, filename: {name: list(tensor.shape) for name, tensor in safetensors.torch.load_file(local(repo_id, filename)).items()},
    ):
        config, weights, _ = loader(repository, folder, "cpu", False, shapes)
    config = loaders.handle_config_defaulting(config)
    sae = SAE.from_dict(config)
    sae.process_state_dict_for_loading(weights)
    sae.load_state_dict(weights)
    return sae


def gemma_scope():
    draw = lambda *shape: (torch.randn(*shape) * 0.5).numpy()

    def weights(out=WIDTH):
        return {"W_enc": draw(WIDTH, FEATURES), "W_dec": draw(FEATURES, out), "b_enc": draw(FEATURES), "b_dec": draw(out),
                "threshold": np.abs(draw(FEATURES)) + np.float32(0.05)}

    lower = lambda tensors: {name.replace("W_", "w_"): tensor for name, tensor in tensors.items()}
    shapes = {"d_in": WIDTH, "d_sae": FEATURES}
    for kind, folder, save, tensors, x in (
        ("2b-pt-res", "layer_20/width_16k/average_l0_71", np.savez, weights(), inputs(WIDTH)),
        ("2b-pt-mlp", "layer_4/width_16k/average_l0_10", np.savez_compressed, lower(weights()), inputs(WIDTH)),
        ("9b-it-res", "layer_9/width_16k/average_l0_88", np.savez, weights(), inputs(WIDTH)),
        ("2b-pt-att", "layer_7/width_16k/average_l0_99", np.savez, weights(), inputs(HEADS, WIDTH // HEADS)),
    ):
        repository = "gemma-scope-" + kind
        at = fresh(repository) / folder
        at.mkdir(parents=True)
        save(at / "params.npz", **tensors)
        write(at, computed(loaded(loaders.gemma_2_sae_huggingface_loader, "google/" + repository, folder, shapes), x))

    repository, folder = "gemma-scope-2b-pt-transcoders", "layer_12/width_16k/average_l0_6"
    at = fresh(repository) / folder
    at.mkdir(parents=True)
    np.savez(at / "params.npz", **weights())
    shapes = shapes | {"d_out": WIDTH}
    write(at, computed(loaded(loaders.gemma_2_transcoder_huggingface_loader, "google/" + repository, folder, shapes), inputs(WIDTH)))

    repository = "gemma-scope-2-270m-pt"
    fresh(repository)
    for folder, hooks, skip, x in (
        ("resid_post/layer_5_width_16k_l0_small", ("model.layers.5.output", None), False, inputs(WIDTH)),
        ("attn_out/layer_7_width_16k_l0_small", ("model.layers.7.self_attn.o_proj.input", None), False, inputs(WIDTH)),
        ("transcoder/layer_9_width_16k_l0_small_affine",
         ("model.layers.9.pre_feedforward_layernorm.output", "model.layers.9.post_feedforward_layernorm.output"), True, inputs(WIDTH)),
    ):
        at = HERE / repository / folder
        at.mkdir(parents=True)
        config = {"hf_hook_point_in": hooks[0], "hf_hook_point_out": hooks[1], "width": FEATURES, "model_name": "gemma-v3-270m-pt",
                  "architecture": "jump_relu", "l0": 10, "affine_connection": skip, "type": "sae"}
        (at / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        tensors = lower(weights()) | ({"affine_skip_connection": draw(WIDTH, WIDTH)} if skip else {})
        safetensors.torch.save_file({name: torch.tensor(array) for name, array in tensors.items()}, at / "params.safetensors")
        write(at, computed(loaded(loaders.gemma_3_sae_huggingface_loader, "google/" + repository, folder, None), x))


def main():
    warnings.simplefilter("ignore")
    torch.manual_seed(20)
    saelens()
    gemma_scope()
    circuit_tracer.write(fresh, write)


if __name__ == "__main__":
    main()
