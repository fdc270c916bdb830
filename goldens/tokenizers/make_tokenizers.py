"""Trains tiny tokenizers and records how their own libraries read TEXTS with them.

Run: pip install -r requirements.txt && python make_tokenizers.py
Writes, for byte-level BPE, NAME.gguf (a file with the vocabulary only) for each way of cutting text,
the directories llama3/ and qwen2/ in Hugging Face layout, and for SentencePiece spm.gguf and
spm-unprefixed.gguf, and the directories llama2/, mistral/ and gemma/, each with the tokenizer.json
that transformers makes of such a vocabulary; the ids are in references.json. References: the
tokenizers library and sentencepiece itself. The patterns of "default" are those that llama.cpp
takes where a file names none (src/llama-vocab.cpp); they were compared with it by hand.
"""

import io
import json
import pathlib

import gguf
import sentencepiece
from texts import LONG, LONG_REPEATS, TEXTS
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = pathlib.Path(__file__).parent
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CORPUS = TEXTS + [LONG] * 3 + ["the then there other mother 1234 567 that this is in on an and"]
CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CAPITALS = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
SMALL = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{CAPITALS}*{SMALL}+|[^\r\n\p{{L}}\p{{N}}]?{CAPITALS}+{SMALL}*|\p{{N}}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEFAULT = [
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
]
WHOLE_WORDS = ["llama-bpe", "tekken"]
COMPOSED = ["qwen2", "olmo"]


def cutters():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=False)

    def pattern(digits):
        split = pre_tokenizers.Split(Regex(CUT % digits), behavior="isolated")
        return pre_tokenizers.Sequence([split, byte_level])

    def isolated(*patterns):
        splits = [pre_tokenizers.Split(Regex(p), behavior="isolated") for p in patterns]
        return pre_tokenizers.Sequence([*splits, byte_level])

    digits = pre_tokenizers.Digits(individual_digits=True)
    return {
        "gpt-2": gpt2,
        "smollm": pre_tokenizers.Sequence([digits, gpt2]),
        "llama-bpe": pattern("{1,3}"),
        "qwen2": pattern(""),
        "dbrx": pattern("{1,3}"),
        "olmo": gpt2,
        "tekken": isolated(TEKKEN),
        "default": isolated(*DEFAULT),
    }


def byte_level(name, cutter):
    tokenizer = Tokenizer(models.BPE(ignore_merges=name in WHOLE_WORDS))
    tokenizer.pre_tokenizer = cutter
    tokenizer.decoder = decoders.ByteLevel()
    if name in COMPOSED:
        tokenizer.normalizer = normalizers.NFC()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def write_gguf(name, fields):
    writer = gguf.GGUFWriter(str(HERE / f"{name}.gguf"), "llama")
    fields(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def byte_level_fields(name, tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)

    def fields(writer):
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(name)
        writer.add_token_list(tokens)
        writer.add_token_types([3 if token in SPECIAL else 1 for token in tokens])
        writer.add_token_merges([" ".join(pair) for pair in model["merges"]])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(0)
        writer.add_chat_template("{{ bos_token }}{{ messages[0].content }}")

    return fields


def write_directory(name, tokenizer, files):
    directory = HERE / name
    directory.mkdir(exist_ok=True)
    # What a user's file may carry and must not matter: a begin token, truncation, padding.
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    (directory / "tokenizer.json").write_text(tokenizer.to_str() + "\n")
    for file, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content) + "\n"
        (directory / file).write_text(text)


def sentence_piece(prefixed):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_writer=model,
        model_type="bpe",
        vocab_size=520,
        byte_fallback=True,
        add_dummy_prefix=prefixed,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        character_coverage=0.98,
        minloglevel=2,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def sentence_piece_fields(processor, prefixed):
    def kind(id):
        if processor.is_unknown(id):
            return 2
        if processor.is_control(id):
            return 3
        return 6 if processor.is_byte(id) else 1

    ids = range(processor.get_piece_size())

    def fields(writer):
        writer.add_tokenizer_model("llama")
        writer.add_token_list([processor.id_to_piece(id) for id in ids])
        writer.add_token_scores([processor.get_score(id) for id in ids])
        writer.add_token_types([kind(id) for id in ids])
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_add_space_prefix(prefixed)

    return fields


def merges(processor):
    """All ways to join two pieces to a third, best first: transformers' generate_merges."""
    pieces = {
        processor.id_to_piece(id): id
        for id in range(processor.get_piece_size())
        if not (processor.is_unknown(id) or processor.is_control(id) or processor.is_byte(id))
    }
    found = []
    for piece, id in pieces.items():
        for at in range(1, len(piece)):
            left, right = piece[:at], piece[at:]
            if left in pieces and right in pieces:
                found.append((-processor.get_score(id), pieces[left], pieces[right], left, right))
    return [(left, right) for *_, left, right in sorted(found)]


def joined(processor, name):
    """The tokenizer of a llama 2, a mistral or a gemma over one vocabulary."""
    vocabulary = {processor.id_to_piece(id): id for id in range(processor.get_piece_size())}
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges(processor), unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    back = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    if name == "gemma":
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    elif name == "mistral":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
    if name != "gemma":
        back.append(decoders.Strip(" ", 1, 0))
    tokenizer.decoder = decoders.Sequence(back)
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return tokenizer


def main():
    references = {}
    texts = TEXTS + [LONG * LONG_REPEATS]
    for name, cutter in cutters().items():
        tokenizer = byte_level(name, cutter)
        encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        references[name] = [encode(text) for text in texts]
        write_gguf(name, byte_level_fields(name, tokenizer))
        if name == "llama-bpe":
            write_directory("llama3", tokenizer, LLAMA3)
        if name == "qwen2":
            write_directory("qwen2", tokenizer, QWEN2)
    for name, prefixed in {"spm": True, "spm-unprefixed": False}.items():
        processor = sentence_piece(prefixed)
        references[name] = [processor.encode(text) for text in texts]
        write_gguf(name, sentence_piece_fields(processor, prefixed))
    decoded = {}
    for name in ["llama2", "mistral", "gemma"]:
        tokenizer = joined(sentence_piece(name != "gemma"), name)
        references[name] = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
        decoded[name] = [tokenizer.decode(ids, skip_special_tokens=False) for ids in references[name]]
        directory = HERE / name
        directory.mkdir(exist_ok=True)
        (directory / "tokenizer.json").write_text(tokenizer.to_str() + "\n")
    recorded = {"texts": TEXTS, "long": LONG, "repeats": LONG_REPEATS}
    recorded |= {"ids": references, "decoded": decoded}
    path = HERE / "references.json"
    path.write_text(json.dumps(recorded, ensure_ascii=False, separators=(",", ":")) + "\n")


LLAMA3 = {
    "tokenizer_config.json": {
        "bos_token": {"content": "<|endoftext|>", "lstrip": False},
        "eos_token": "<|im_end|>",
        "chat_template": "never read: {{ the file wins",
    },
    "chat_template.jinja": "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}\n",
    "config.json": {"eos_token_id": [2]},
    "generation_config.json": {"eos_token_id": 0},
}
QWEN2 = {
    "tokenizer_config.json": {
        "bos_token": None,
        "eos_token": "<|endoftext|>",
        "chat_template": [
            {"name": "tool_use", "template": "tools"},
            {"name": "default", "template": "{{ messages[0].content }}{{ eos_token }}"},
        ],
    },
    "special_tokens_map.json": {"bos_token": "<|im_start|>", "pad_token": "<|endoftext|>"},
}

if __name__ == "__main__":
    main()
