"""Texts that tell tokenizers apart."""

TEXTS = [
    "Hello world",
    " leading and trailing ",
    "  two  spaces   three\t tab\n\n\nnewlines \r\n crlf",
    "What is 12345 + 67890? It's 80235, isn't it? I'LL SAY.",
    "3.14159 1,000,000 ² ½ ٣ 四",
    "Grüße aus Zürich, naïve café, Ångström",
    "e\u0301 a\u0308 \u212b \u1e9b\u0323 cafe\u0301",
    "東京は日本の首都です。你好，世界！",
    "Привет, мир! مرحبا بالعالم नमस्ते",
    "🌍 👩‍👩‍👧‍👦 🇨🇭 \U0001f9d1\u200d\U0001f4bb",
    "def f(x):\n    return x ** 2  # square\n\n\tprint(f(3))",
    "<|im_start|>user\nHi there<|im_end|>\n<|im_start|>assistant\n",
    "text<|endoftext|>more <|not_special|> <|im_end|>",
    "\u00a0nbsp\u2003em\u3000ideographic\u200bzero",
    "x" * 50 + " " * 40 + "y",
    "don't Don'T they've we'd 'tis ''s 's",
    "a_b-c/d\\e|f~g`h^i{j}k[l]m<n>o=p+q*r&s%t$u#v@w!",
    "\ufffd replacement \ufffd",
    "\x00 null \x07 bell \x7f delete",
    "The answer is: \\boxed{42}.\n\nStep 1: 7 * 6 = 42.\n",
    "aaa\n\n bbb \n ccc\n  \n\tddd",
    "▁already ▁marked",
]

LONG = "The quick brown fox, number 27, jumps over the lazy dog again.\n"
LONG_REPEATS = 200
