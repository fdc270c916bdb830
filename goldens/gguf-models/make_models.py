"""Tiny random models of every family that llama.cpp's own converter wrote as GGUF, and what they compute.

Run: python make_models.py LLAMA_CPP, where LLAMA_CPP is an unpacked checkout; README.md says which, and what is written.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import transformers
from transformers import GPTNeoXConfig, MistralConfig, Qwen2Config, Qwen3Config, Gemma2Config, GPT2Config

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "transformers"))

from cases import GEMMA, GPT2, GROUPED, LINEAR_ROPE, LLAMA, LLAMA3_ROPE, Case, gemma3, llama, rope
from make_goldens import BATCH, Float64Everywhere, NothingNarrower, load_widened, record, save

SPECIAL, MERGED = "<|endoftext|>", "ab"


def cases():
    """GGUF has no key for most of what is fixed here: gemma's attention scale and pattern, thetas of gpt_neox and gemma2."""
    gemma2 = GEMMA | dict(query_pre_attn_scalar=8, attn_logit_softcapping=2.0, final_logit_softcapping=5.0)
    neox = LLAMA | dict(hidden_size=32, rotary_pct=0.25, rotary_emb_base=10000)
    return [
        Case("llama", llama(
            num_key_value_heads=2, hidden_size=32, max_position_embeddings=128, **rope(10000.0, LLAMA3_ROPE)
        )),
        Case("llama-linear", llama(
            num_key_value_heads=1, head_dim=6, attention_bias=True, tie_word_embeddings=True, **rope(500.0, LINEAR_ROPE)
        )),
        Case("mistral", MistralConfig(**(GROUPED | dict(sliding_window=None, **rope(500.0))))),
        Case("qwen2", Qwen2Config(**(GROUPED | dict(tie_word_embeddings=True, **rope(2000.0))))),
        Case("qwen3", Qwen3Config(**(GROUPED | dict(head_dim=6, **rope(2000.0))))),
        Case("gemma2", Gemma2Config(**gemma2), positions=10),
        Case("gemma3", gemma3(query_pre_attn_scalar=8, num_hidden_layers=7), positions=10),
        Case("gpt2", GPT2Config(**(GPT2 | dict(n_ctx=GPT2["n_positions"])))),
        Case("gptneox", GPTNeoXConfig(**(neox | dict(num_attention_heads=2)))),
        Case("gptneox-sequential", GPTNeoXConfig(**(neox | dict(rotary_pct=0.75, use_parallel_residual=False)))),
    ]


def write_tokenizer(folder, size):
    """The smallest byte-level vocabulary that llama.cpp loads: one special token, characters, one merge."""
    tokens = [SPECIAL, *(chr(ord("A") + i) for i in range(size - 2)), MERGED]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = dict(
        version="1.0", truncation=None, padding=None, normalizer=None, post_processor=None,
        added_tokens=[dict(
            id=0, content=SPECIAL, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True
        )],
        pre_tokenizer=dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True),
        decoder=dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True),
        model=dict(type="BPE", vocab=vocabulary, merges=[list(MERGED)]),
    )
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(tokenizer_class="PreTrainedTokenizerFast")))


def convert(folder, file, llama_cpp):
    """What `convert_hf_to_gguf.py FOLDER --outtype f32` does, with the tiny vocabulary in place of a known one."""
    sys.path[:0] = [str(llama_cpp), str(llama_cpp / "gguf-py")]
    import gguf
    from conversion import ModelBase, ModelType, TextModel, get_model_architecture, get_model_class

    TextModel.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
    hparams = ModelBase.load_hparams(folder, False)
    model_class = get_model_class(get_model_architecture(hparams, ModelType.TEXT))
    model_class.set_vocab = TextModel._set_vocab_gpt2
    with torch.inference_mode():
        model_class(folder, gguf.LlamaFileType.ALL_F32, file).write()


def llama_cpp_logits(file, ids):
    """Logits [B, T, V] of llama.cpp, float32."""
    import llama_cpp

    model = llama_cpp.Llama(
        str(file), n_ctx=64, n_threads=1, logits_all=True, verbose=False, flash_attn=False,
        type_k=llama_cpp.GGML_TYPE_F32, type_v=llama_cpp.GGML_TYPE_F32,
    )
    logits = []
    for row in ids.tolist():
        model.reset()
        model.eval(row)
        logits.append(torch.from_numpy(np.array(model.scores[: len(row)], dtype=np.float32)))
    return torch.stack(logits)


def make(case, seed, llama_cpp):
    generator = torch.Generator().manual_seed(seed)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / case.name
        model_class = save(case, folder, generator)
        write_tokenizer(folder, case.config.vocab_size)
        convert(folder, HERE / f"{case.name}.gguf", llama_cpp)
        widened = load_widened(model_class, folder)
    ids = torch.randint(case.config.vocab_size, (BATCH, case.positions), generator=generator)
    with Float64Everywhere(), NothingNarrower():
        logits = record(widened, ids, ids[:, -1])["logits"]
    second = llama_cpp_logits(HERE / f"{case.name}.gguf", ids)
    safetensors.torch.save_file(
        {"input_ids": ids, "logits": logits, "logits_llama_cpp": second}, HERE / f"{case.name}.safetensors"
    )
    print(case.name, "largest logit", float(logits.abs().max()), "off by", float((second - logits).abs().max()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    for seed, case in enumerate(cases(), start=1):
        make(case, seed, Path(sys.argv[1]).resolve())
