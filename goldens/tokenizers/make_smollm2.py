"""Writes smollm2.json: the ids that llama.cpp gives TEXTS with SmolLM2's GGUF file.

Run: pip install -r requirements.txt && models/fetch-smollm2 && python make_smollm2.py
"""

import json
import pathlib
import urllib.request

import xllamacpp
from texts import LONG, LONG_REPEATS, TEXTS

HERE = pathlib.Path(__file__).parent
MODEL = HERE / "../../models/cache/SmolLM2-135M-Instruct.Q4_1.gguf"


def main():
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(MODEL)
    parameters.n_ctx = 256
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    address = server.listening_address

    def ids(text):
        body = {"content": text, "add_special": False, "parse_special": True}
        request = urllib.request.Request(
            f"{address}/tokenize",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        return json.load(urllib.request.urlopen(request))["tokens"]

    # llama.cpp's own reading of U+0000 ends the text there.
    texts = [text for text in TEXTS if "\x00" not in text]
    result = {"texts": texts, "long": LONG, "repeats": LONG_REPEATS}
    result["ids"] = [ids(text) for text in [*texts, LONG * LONG_REPEATS]]
    path = HERE / "smollm2.json"
    path.write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
