"""Records what tokenizers (in Rust) makes of the parts that tokenizer.json may have, for the tests of @namm/decoder."""

import json
import random
import sys
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel

here = Path(__file__).parent
target = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "../../packages/decoder/src/text/__fixtures__/tokenizer-parts.json"
alphabet = sorted(ByteLevel.alphabet())
first_added = len(alphabet) + 5


def file_of(model, **parts):
    empty = {"normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], **empty, **parts, "model": model}


def bpe(vocabulary, merges, **settings):
    usual = {"dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None}
    flags = {"fuse_unk": False, "byte_fallback": False, "ignore_merges": False}
    return {"type": "BPE", **usual, **flags, "vocab": vocabulary, "merges": merges, **settings}


def numbered(tokens):
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}


def byte_level(model=None, **parts):
    merges = [["h", "e"], ["he", "l"], ["hel", "l"], ["hell", "o"], ["Ġ", "h"]]
    vocabulary = numbered(alphabet + ["".join(merge) for merge in merges])
    decoder = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    return file_of(bpe(vocabulary, merges, **(model or {})), decoder=decoder, **parts)


def bytes_of(use_regex=True, add_prefix_space=False):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True, "use_regex": use_regex}


def behind(part):
    return {"type": "Sequence", "pretokenizers": [part, bytes_of(False)]}


def split(pattern, behavior, invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def metaspace(part, **model):
    merges = [["▁", "b"], ["▁", "▁"], ["a", "▁"]]
    vocabulary = numbered(["<unk>", *"▁abc"] + ["".join(merge) for merge in merges])
    return file_of(bpe(vocabulary, merges, unk_token="<unk>", **model), pre_tokenizer=part, decoder=part)


def byte_fallback():
    vocabulary = numbered(["<unk>"] + [f"<0x{byte:02X}>" for byte in range(256)] + [*"▁hello"])
    decoders = [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    ]
    return file_of(
        bpe(vocabulary, [], unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        normalizer={"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        decoder={"type": "Sequence", "decoders": decoders},
    )


def added(content, id, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True):
    flags = {"single_word": single_word, "lstrip": lstrip, "rstrip": rstrip}
    return {"id": id, "content": content, **flags, "normalized": normalized, "special": special}


def word_piece(cleanup):
    vocabulary = numbered(["<unk>", "h", "##ello", "hello", "##s", "'", "s", ",", "!", "n", "don"])
    model = {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##"}
    return file_of(
        {**model, "max_input_chars_per_word": 100, "vocab": vocabulary},
        pre_tokenizer={"type": "BertPreTokenizer"},
        decoder={"type": "WordPiece", "prefix": "##", "cleanup": cleanup},
    )


def unigram():
    pieces = [["<unk>", 0], ["▁", -2], ["h", -3], ["e", -3.1], ["l", -3.2], ["o", -3.3], ["▁hello", -1.5], ["ll", -2.5]]
    part = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    model = {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": False}
    return file_of(model, pre_tokenizer=part, decoder=part)


def all_files():
    for behavior in ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"):
        for invert in (False, True):
            part = split("[aeo ]", behavior, invert)
            yield f"Split, {behavior}, invert {invert}", byte_level(pre_tokenizer=behind(part))
        part = split("l", behavior, kind="String")
        yield f"Split at a text, {behavior}", byte_level(pre_tokenizer=behind(part))
        part = {"type": "Punctuation", "behavior": behavior}
        yield f"Punctuation, {behavior}", byte_level(pre_tokenizer=behind(part))
    for part in (
        {"type": "Digits", "individual_digits": True},
        {"type": "Digits", "individual_digits": False},
        {"type": "Whitespace"},
        {"type": "WhitespaceSplit"},
        {"type": "CharDelimiterSplit", "delimiter": "l"},
        {"type": "BertPreTokenizer"},
        {"type": "FixedLength", "length": 3},
        {"type": "UnicodeScripts"},
        split(r"(?i)'s|he|\p{L}+|\s+|[^\p{L}\s]+", "Isolated"),
        split(r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", "Isolated"),
        split(r"\w+\b|\d|\W", "Isolated"),
    ):
        yield json.dumps(part), byte_level(pre_tokenizer=behind(part))
    for use_regex in (True, False):
        for space in (True, False):
            yield f"ByteLevel, {use_regex}, {space}", byte_level(pre_tokenizer=bytes_of(use_regex, space))
    for part in (
        *({"type": name} for name in ("Nmt", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "ByteLevel")),
        {"type": "Strip", "strip_left": True, "strip_right": False},
        {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "Prepend", "prepend": "_"},
        {"type": "Replace", "pattern": {"Regex": "l+"}, "content": "L"},
        {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    ):
        yield json.dumps(part), byte_level(normalizer=part, pre_tokenizer=bytes_of())
    for flags in range(16):
        names = ("single_word", "lstrip", "rstrip", "normalized")
        chosen = {name: bool(flags >> i & 1) for i, name in enumerate(names)}
        tokens = [added("<t>", first_added, **chosen), added("hell", first_added + 1, **chosen, special=False)]
        normalizer = {"type": "Lowercase"}
        yield f"added, {chosen}", byte_level(normalizer=normalizer, pre_tokenizer=bytes_of(), added_tokens=tokens)
    tokens = [added("<t>", first_added), added("<t>x", first_added + 1), added("é", first_added + 2, special=False)]
    yield "added, one within another", byte_level(pre_tokenizer=bytes_of(), added_tokens=tokens)
    tokens = [added("<X y>", first_added, normalized=True, special=False)]
    yield "added, normalised", byte_level(normalizer={"type": "Lowercase"}, added_tokens=tokens)
    tokens = [added("HEL", first_added, normalized=True, special=False)]
    yield "added, normalised to another", byte_level(normalizer={"type": "Lowercase"}, added_tokens=tokens)
    for scheme in ("always", "never", "first"):
        for splits in (True, False):
            part = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": splits}
            yield f"Metaspace, {scheme}, {splits}", metaspace(part)
    for space in (True, False):
        part = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": space}
        yield f"Metaspace of old, {space}", metaspace(part)
    yield "ByteFallback", byte_fallback()
    for flag in (True, False):
        yield f"WordPiece, cleanup {flag}", word_piece(flag)
        yield f"fuse_unk {flag}", metaspace(None, fuse_unk=flag)
    vocabulary = numbered(["<unk>", "h", "e", "l", "o</w>", "l</w>", "e</w>", "he", "o", "h</w>"])
    suffixed = bpe(vocabulary, [["h", "e"]], unk_token="<unk>", end_of_word_suffix="</w>")
    part = {"type": "BPEDecoder", "suffix": "</w>"}
    yield "end_of_word_suffix", file_of(suffixed, pre_tokenizer={"type": "WhitespaceSplit"}, decoder=part)
    yield "dropout", byte_level(pre_tokenizer=bytes_of(), model={"dropout": 0.5})
    words = {"type": "WordLevel", "unk_token": "<unk>", "vocab": {"<unk>": 0, "hello": 1, "a": 2}}
    yield "WordLevel", file_of(words, pre_tokenizer={"type": "Whitespace"})
    yield "Unigram", unigram()


texts = [
    *("hello hello", "  hello  world ", "a b  c", "it'S Hello's", "a<t>b <t> c<t>", "<t>xHELL hell HELLo hell.", ""),
    *("12 3½ ٣٤ x²", "!!a,.b-- «q»", "\ufeffbom é É ﬁ Å", "tab\tnew\nline\r\n x", "你好 wörld 😀", "▁b a▁ b"),
    *("hello\u200bhello\u00a0x\u0085y", "don't, n't hello !", "aé<t>éa <x y>"),
]
random.seed(1)
fixture = []
for name, file in all_files():
    try:
        tokenizer = Tokenizer.from_str(json.dumps(file))
    except Exception as error:  # what the reference refuses is recorded too
        fixture.append({"name": name, "file": file, "error": str(error)})
        continue
    encoded = []
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        encoded.append({"text": text, "ids": ids})
    size = tokenizer.get_vocab_size()
    lists = [one["ids"] for one in encoded if one["ids"]]
    lists += [[random.randrange(size) for _ in range(random.randrange(1, 9))] for _ in range(12)]
    decoded = [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)} for ids in lists]
    fixture.append({"name": name, "file": file, "encoded": encoded, "decoded": decoded})
target.write_text(json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
print(len(fixture), "tokenizers")
