"""CLIP's byte-pair tokenizer, with the vocabulary file that the package open_clip_torch carries.

Source: https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py (MIT). Captions here are
plain lower-case ASCII, so the byte table and text cleaning of the original are not needed.
"""
import gzip
import importlib.util
import re
from functools import lru_cache
from pathlib import Path

START, END, LENGTH = 49406, 49407, 77


@lru_cache(1)
def vocabulary():
    """(merge ranks, token ids)"""
    folder = Path(importlib.util.find_spec("open_clip").origin).parent
    lines = gzip.open(folder / "bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf8").read().split("\n")
    merges = [tuple(line.split()) for line in lines[1:49152 - 256 - 2 + 1]]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(code) for code in printable] + [chr(256 + n) for n in range(256 - len(printable))]
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges]
    return {pair: rank for rank, pair in enumerate(merges)}, {t: i for i, t in enumerate(tokens)}


def word_pieces(word):
    ranks, _ = vocabulary()
    pieces = [*word[:-1], word[-1] + "</w>"]
    while len(pieces) > 1:
        pairs = list(zip(pieces, pieces[1:]))
        best = min(pairs, key=lambda pair: ranks.get(pair, 1e9))
        if best not in ranks:
            break
        at = pairs.index(best)
        pieces[at:at + 2] = ["".join(best)]
    return pieces


@lru_cache(None)
def encode(caption):
    """77 token ids: start, the caption, then end tokens as padding."""
    _, ids = vocabulary()
    words = re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]+", caption.lower())
    body = [ids[piece] for word in words for piece in word_pieces(word)][:LENGTH - 2]
    return [START, *body] + [END] * (LENGTH - 1 - len(body))
