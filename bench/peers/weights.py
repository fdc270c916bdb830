"""Writes random Hugging Face checkpoints of well-known shapes: speed depends on shapes, not on what was learned.

    python weights.py [smollm2-135m] [gpt2-small] [tiny-llama] [tiny-gpt2] [tiny-pythia]

Each goes to .cache/NAME (config.json, model.safetensors, a tokenizer) unless it is there. The same seed gives the same
weights. Matrices have a standard deviation of 1/√D, so that activations keep their scale through the layers and logits
have one of about 1. No end token is named, so that nothing ends a rollout before its budget.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, LlamaConfig, PretrainedConfig
from transformers.utils import logging

CACHE = Path(__file__).parent / ".cache"
SPECIAL, MERGED = "<|endoftext|>", "ab"
SEED = 1


def llama(width: int, layers: int, heads: int, key_value_heads: int, mlp: int, vocabulary: int) -> LlamaConfig:
    return LlamaConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=key_value_heads,
        intermediate_size=mlp, vocab_size=vocabulary, tie_word_embeddings=True, max_position_embeddings=8192,
        rope_parameters=dict(rope_type="default", rope_theta=100_000.0), initializer_range=width**-0.5,
        bos_token_id=0, eos_token_id=None, pad_token_id=None,
    )


def gpt2(width: int, layers: int, heads: int, vocabulary: int) -> GPT2Config:
    return GPT2Config(
        n_embd=width, n_layer=layers, n_head=heads, vocab_size=vocabulary, initializer_range=width**-0.5,
        bos_token_id=0, eos_token_id=None, pad_token_id=None,
    )


def pythia(width: int, layers: int, heads: int, vocabulary: int) -> GPTNeoXConfig:
    return GPTNeoXConfig(
        hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=4 * width,
        vocab_size=vocabulary, max_position_embeddings=2048, use_parallel_residual=True, initializer_range=width**-0.5,
        rope_parameters=dict(rope_type="default", rope_theta=10_000.0, partial_rotary_factor=0.25),
        bos_token_id=0, eos_token_id=None, pad_token_id=None,
    )


SHAPES = {
    "smollm2-135m": llama(576, 30, 9, 3, 1536, 49_152),
    "gpt2-small": gpt2(768, 12, 12, 50_257),
    "tiny-llama": llama(48, 3, 4, 2, 96, 128),
    "tiny-gpt2": gpt2(48, 3, 4, 128),
    "tiny-pythia": pythia(64, 3, 4, 128),
}


def write_tokenizer(folder: Path, size: int) -> None:
    """A byte-level vocabulary: one special token, a character each (`A` is 1, `B` is 2, …), one merge."""
    tokens = [SPECIAL, *(chr(ord("A") + i) for i in range(size - 2)), MERGED]
    byte_level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)
    special = dict(id=0, content=SPECIAL, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    tokenizer = dict(
        version="1.0", truncation=None, padding=None, normalizer=None, post_processor=None, added_tokens=[special],
        pre_tokenizer=byte_level, decoder=byte_level,
        model=dict(type="BPE", vocab={token: i for i, token in enumerate(tokens)}, merges=[list(MERGED)]),
    )
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    names = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token=SPECIAL)
    (folder / "tokenizer_config.json").write_text(json.dumps(names))


def checkpoint(name: str) -> Path:
    """The folder of the checkpoint called NAME, written if need be."""
    folder = CACHE / name
    if not (folder / "tokenizer_config.json").exists():  # It is written last.
        config: PretrainedConfig = SHAPES[name]
        torch.manual_seed(SEED)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        model.generation_config.eos_token_id = None
        model.save_pretrained(folder)
        write_tokenizer(folder, config.vocab_size)
    return folder


if __name__ == "__main__":
    logging.disable_progress_bar()
    unknown = set(sys.argv[1:]) - SHAPES.keys()
    if unknown:
        sys.exit(f"expected shapes out of {', '.join(SHAPES)}, got {', '.join(unknown)}")
    for shape in sys.argv[1:] or SHAPES:
        print(checkpoint(shape))
