"""The tiny models: which configurations there are, in which spelling and form each is stored. README.md says what each is for."""

from dataclasses import dataclass, field

import torch
import transformers
from transformers import (
    Gemma2Config, Gemma3Config, Gemma3TextConfig, GPT2Config, GPTNeoXConfig, LlamaConfig, MistralConfig, Qwen2Config,
    Qwen3Config,
)

MAJOR = int(transformers.__version__.split(".")[0])

LLAMA = dict(
    vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    max_position_embeddings=64, initializer_range=0.3, bos_token_id=0, eos_token_id=1,
)
GROUPED = LLAMA | dict(num_key_value_heads=2)
GPT2 = dict(
    vocab_size=40, n_embd=16, n_layer=2, n_head=4, n_positions=64, initializer_range=0.3, bos_token_id=0, eos_token_id=0,
)
# sqrt(20) is no float, so that a scale of the embeddings rounded to a narrower type shows.
GEMMA = GROUPED | dict(
    hidden_size=20, intermediate_size=12, num_hidden_layers=4, head_dim=8, query_pre_attn_scalar=6, sliding_window=4
)
VISION = dict(
    model_type="siglip_vision_model", hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
    image_size=14, patch_size=14, vision_use_head=False,
)
# With head_dim 8 and theta 10000 the wavelengths are 2 pi times 1, 10, 100 and 1000: one is below the high-frequency
# bound of 16 positions (kept), one between the bounds (blended), two above the low-frequency bound of 64 (divided).
LLAMA3_ROPE = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)
LINEAR_ROPE = dict(rope_type="linear", factor=4.0)
SLIDING, FULL = "sliding_attention", "full_attention"


@dataclass(frozen=True)
class Case:
    name: str
    config: object
    major: int = 5  # the line of transformers that writes it
    dtype: torch.dtype = torch.float32  # of the stored weights
    save: dict = field(default_factory=dict)  # further arguments of save_pretrained
    like_hub: bool = False  # gpt2 and gpt_neox as the hub has them, buffers among the weights; gpt2 without its prefix
    rename: dict = field(default_factory=dict)  # prefixes of the weights' names, and what is stored in their place
    positions: int = 9
    edits: dict = field(default_factory=dict)  # keys of config.json to set afterwards, or to DROP


DROP = object()
UNTYPED = dict(layer_types=DROP, _sliding_window_pattern=DROP)


def rope(theta, scaling=None, **other):
    """The spelling of transformers 4 or 5, whichever runs."""
    if MAJOR < 5:
        return dict(rope_theta=theta) | (dict(rope_scaling=scaling) if scaling else {})
    return dict(rope_parameters=dict(rope_type="default", rope_theta=theta) | (scaling or {}) | other)


def llama(**changes):
    return LlamaConfig(**(LLAMA | changes))


def gemma3_rope(local, theta, scaling):
    if MAJOR < 5:
        return dict(rope_local_base_freq=local, rope_theta=theta, rope_scaling=scaling)
    return dict(rope_parameters={
        SLIDING: dict(rope_type="default", rope_theta=local), FULL: dict(rope_theta=theta) | scaling
    })


def gemma3(**changes):
    return Gemma3TextConfig(**(GEMMA | gemma3_rope(60.0, 700.0, LINEAR_ROPE) | changes))


def gemma3_wide_heads():
    """The 256 wide heads that are the default; so little beside them that the files stay small."""
    return Gemma3TextConfig(**(LLAMA | dict(
        hidden_size=8, num_attention_heads=2, num_key_value_heads=1, sliding_window=4, layer_types=[SLIDING, FULL]
    )))


def gemma3_conditional(text):
    return Gemma3Config(text_config=text.to_dict(), vision_config=VISION, mm_tokens_per_image=1)


def hub_text_config():
    """As in the hub's larger Gemma 3: whatever is a default is left out, the kinds of layers and 8 heads on 4 included."""
    kept = dict(
        vocab_size=40, hidden_size=8, intermediate_size=12, num_hidden_layers=7, head_dim=8, sliding_window=4,
        rope_scaling=dict(rope_type="linear", factor=8.0),
    )
    return Gemma3TextConfig(**kept), kept | dict(model_type="gemma3_text")


def cases():
    # A case's place in this list is its seed.
    return [
        Case("llama-gqa-tied", llama(num_key_value_heads=2, num_hidden_layers=3, tie_word_embeddings=True)),
        Case("llama-head-dim", llama(num_key_value_heads=2, head_dim=6, rms_norm_eps=1e-5, **rope(500.0))),
        Case("llama-rope-llama3", llama(
            num_key_value_heads=2, hidden_size=32, max_position_embeddings=128, **rope(10000.0, LLAMA3_ROPE)
        )),
        Case("llama-biases", llama(attention_bias=True, mlp_bias=True)),
        Case("llama-sharded", llama(num_key_value_heads=2), save=dict(max_shard_size="8KB")),
        Case("llama-bfloat16", llama(num_key_value_heads=2, tie_word_embeddings=True), dtype=torch.bfloat16),
        Case("llama-float16", llama(num_key_value_heads=1), dtype=torch.float16),
        Case("llama-old-keys", llama(
            num_key_value_heads=2, hidden_size=32, tie_word_embeddings=True, max_position_embeddings=128,
            **rope(10000.0, LLAMA3_ROPE)
        ), major=4),
        Case("gpt2-prefixed", GPT2Config(**GPT2)),
        Case("gpt2-hub", GPT2Config(**(GPT2 | dict(n_layer=3, n_head=2, n_positions=32))), major=4, like_hub=True),
        Case("gpt2-inner", GPT2Config(**(GPT2 | dict(n_inner=40, layer_norm_epsilon=1e-3)))),
        Case("llama-absent-keys", llama(), major=4, edits=dict(head_dim=None, num_key_value_heads=DROP)),
        Case("llama-rope-linear", llama(num_key_value_heads=2, **rope(10000.0, LINEAR_ROPE))),
        Case("llama-rope-linear-old", llama(num_key_value_heads=2, **rope(10000.0, LINEAR_ROPE)), major=4, edits=dict(
            rope_scaling=dict(type="linear", factor=4.0)
        )),
        Case("gpt_neox-parallel", GPTNeoXConfig(**(LLAMA | dict(
            hidden_size=32, num_attention_heads=2, **rope(500.0, partial_rotary_factor=0.25)
        )))),
        Case("gpt_neox-sequential", GPTNeoXConfig(**(LLAMA | dict(
            hidden_size=32, use_parallel_residual=False, attention_bias=False, layer_norm_eps=1e-3,
            **rope(10000.0, partial_rotary_factor=0.8)
        )))),
        Case("gpt_neox-hub", GPTNeoXConfig(**(LLAMA | dict(
            hidden_size=32, num_attention_heads=2, rotary_pct=0.25, rotary_emb_base=2000
        ))), major=4, dtype=torch.float16, like_hub=True, edits=dict.fromkeys(
            ("attention_bias", "attention_dropout", "hidden_dropout", "partial_rotary_factor", "rope_scaling", "rope_theta"), DROP
        )),
        Case("mistral-sliding", MistralConfig(**(GROUPED | dict(
            num_hidden_layers=3, sliding_window=4, head_dim=6, **rope(500.0)
        ))), positions=10),
        Case("mistral-full", MistralConfig(**(GROUPED | dict(sliding_window=None)))),
        Case("mistral-old-keys", MistralConfig(**(GROUPED | dict(sliding_window=5, **rope(500.0)))), major=4, positions=10,
             edits=dict(head_dim=DROP)),
        Case("qwen2-full", Qwen2Config(**(GROUPED | dict(sliding_window=4, tie_word_embeddings=True, **rope(2000.0)))),
             edits=dict(sliding_window=4, max_window_layers=1, layer_types=DROP)),
        Case("qwen2-sliding", Qwen2Config(**(GROUPED | dict(
            num_hidden_layers=3, use_sliding_window=True, sliding_window=4, max_window_layers=1
        ))), positions=10),
        Case("qwen2-old-keys", Qwen2Config(**(GROUPED | dict(
            num_hidden_layers=3, use_sliding_window=True, sliding_window=5, max_window_layers=2, **rope(2000.0)
        ))), major=4, positions=10, edits=dict(layer_types=DROP)),
        Case("qwen3", Qwen3Config(**(GROUPED | dict(head_dim=6, tie_word_embeddings=True, **rope(2000.0))))),
        Case("qwen3-sliding", Qwen3Config(**(GROUPED | dict(
            num_hidden_layers=3, head_dim=10, attention_bias=True, use_sliding_window=True, sliding_window=4,
            layer_types=[SLIDING, FULL, SLIDING]
        ))), positions=10),
        Case("qwen3-old-keys", Qwen3Config(**(GROUPED | dict(head_dim=6, **rope(2000.0)))), major=4,
             edits=dict(sliding_window=4, max_window_layers=1, layer_types=DROP)),
        Case("gemma2", Gemma2Config(**(GEMMA | dict(
            attn_logit_softcapping=2.0, final_logit_softcapping=5.0, **rope(500.0)
        ))), positions=10),
        Case("gemma2-hub", Gemma2Config(**(GEMMA | dict(attn_logit_softcapping=3.0, final_logit_softcapping=4.0))),
             major=4, dtype=torch.bfloat16, positions=10,
             edits=dict(hidden_act="gelu", layer_types=DROP, tie_word_embeddings=DROP)),
        Case("gemma3", gemma3(layer_types=[SLIDING, FULL, SLIDING, SLIDING]), positions=10),
        Case("gemma3-old-keys", gemma3(sliding_window_pattern=3), major=4, dtype=torch.bfloat16, positions=10,
             edits=UNTYPED | dict(sliding_window_pattern=3)),
        Case("gemma3-absent-keys", gemma3_wide_heads(), dtype=torch.bfloat16, positions=10, edits=UNTYPED | dict(sliding_window_pattern=2) | dict.fromkeys((
            "head_dim", "hidden_activation", "query_pre_attn_scalar", "rms_norm_eps", "rope_parameters", "tie_word_embeddings"
        ), DROP)),
        Case("gemma3-conditional", gemma3_conditional(gemma3(layer_types=[SLIDING, FULL] * 2)), dtype=torch.float16, positions=10, rename={
            "language_model.model.": "model.language_model.", "vision_tower.": "model.vision_tower.",
            "multi_modal_projector.": "model.multi_modal_projector.",
        }),
        Case("gemma3-conditional-hub", gemma3_conditional(hub_text_config()[0]), major=4, dtype=torch.bfloat16,
             positions=10, edits=dict(text_config=hub_text_config()[1])),
    ]
