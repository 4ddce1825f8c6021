"""Records what tokenizers (in Rust) makes of random mixes of parts, and of maps of characters as SentencePiece compiles them."""

import json
import random
import sys
import tempfile
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

here = Path(__file__).parent
target = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "../../packages/decoder/src/text/__fixtures__/tokenizer-mixes.json"
count = int(sys.argv[2]) if len(sys.argv) > 2 else 50

corpus = [
    "The quick brown fox jumps over the lazy dog. It wasn't 1234 or 56,789!",
    "def f(x):\n    return x**2 + 3*x - 1\n\n\nclass A(B): pass",
    "Zwölf Boxkämpfer über den großen Deich — naïve café Éclair",
    "東京は日本の首都です。 人口は1400万人",
    "  leading and   multiple   spaces\tand\ttabs  ",
    "I'm you're he'll we've IT'S DON'T",
    "\u00a0nbsp\u2009thin\u200bzero ﬁ ½ ② İstanbul ẞ ǅ",
    "Ελληνικά ΣΊΣΥΦΟΣ Привет МИР नमस्ते สวัสดี",
    "😀👩\u200d👩\u200d👧 🇩🇪 e\u0301 a\u0308",
    "a_b-c.d,e;f:g(h)[i]{j}<k>",
    "<s> hello </s> <mask>world [CLS] [SEP] <tool>x</tool>",
]
texts = [
    *corpus,
    *("", " ", "  <mask> hello", "hello<mask>hello", "a<sp>b <sp> c", "TOKENx token Token", "foo\r\nbar"),
    *("\u3000 ideographic", "word▁word ▁x", " ?! .", "don 't do n't, do not"),
]
special = ["<unk>", "<s>", "</s>", "<pad>"]
behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
expressions = [
    r"\s+",
    r"\d{1,3}",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"\w+|[^\w\s]+",
    r" ?\p{L}+| ?\p{N}+",
    r"[[:alpha:]]+",
    r"[\x{4e00}-\x{9fff}]",
]


def yes(r, share=0.5):
    return r.random() < share


def sequence(r, one, of):
    return of([one(r, True) for _ in range(r.randrange(4))])


def normalizer(r, inside=False):
    kinds = [
        normalizers.NFC,
        normalizers.NFD,
        normalizers.NFKC,
        normalizers.NFKD,
        normalizers.Lowercase,
        normalizers.StripAccents,
        normalizers.Nmt,
        lambda: normalizers.Strip(left=yes(r), right=yes(r)),
        lambda: normalizers.Replace(r.choice([" ", "a", "  "]), r.choice(["▁", "_", "", "bb"])),
        lambda: normalizers.Replace(Regex(r.choice([r"[0-9]", r"(?i)the", r"\p{P}", r"\bfox\b"])), r.choice([" ", "", "<n>"])),
        lambda: normalizers.Prepend(r.choice(["▁", "_"])),
        lambda: normalizers.BertNormalizer(
            clean_text=yes(r), handle_chinese_chars=yes(r), strip_accents=r.choice([None, True, False]), lowercase=yes(r)
        ),
    ]
    return sequence(r, normalizer, normalizers.Sequence) if not inside and yes(r, 0.1) else r.choice(kinds)()


def pre_tokenizer(r, inside=False):
    kinds = [
        pre_tokenizers.Whitespace,
        pre_tokenizers.WhitespaceSplit,
        pre_tokenizers.BertPreTokenizer,
        lambda: pre_tokenizers.ByteLevel(add_prefix_space=yes(r), use_regex=yes(r)),
        lambda: pre_tokenizers.Metaspace(
            replacement=r.choice(["▁", "_"]), prepend_scheme=r.choice(["always", "never", "first"]), split=yes(r)
        ),
        lambda: pre_tokenizers.Punctuation(behavior=r.choice(behaviors)),
        lambda: pre_tokenizers.Digits(individual_digits=yes(r)),
        lambda: pre_tokenizers.Split(r.choice([" ", ".", "an"]), r.choice(behaviors), invert=yes(r, 0.3)),
        lambda: pre_tokenizers.Split(Regex(r.choice(expressions)), r.choice(behaviors), invert=yes(r, 0.3)),
        lambda: pre_tokenizers.CharDelimiterSplit(r.choice([" ", "-", "a"])),
    ]
    return sequence(r, pre_tokenizer, pre_tokenizers.Sequence) if not inside and yes(r, 0.15) else r.choice(kinds)()


def decoder(r, inside=False):
    kinds = [
        decoders.ByteLevel,
        decoders.ByteFallback,
        decoders.Fuse,
        lambda: decoders.Metaspace(replacement=r.choice(["▁", "_"]), prepend_scheme=r.choice(["always", "never", "first"])),
        lambda: decoders.WordPiece(prefix="##", cleanup=yes(r)),
        lambda: decoders.BPEDecoder(suffix=r.choice(["</w>", "@@"])),
        lambda: decoders.Replace(r.choice(["▁", "_", "a"]), r.choice([" ", "", "x"])),
        lambda: decoders.Replace(Regex(r.choice(["▁+", "[aeiou]"])), r.choice([" ", "", "y"])),
        lambda: decoders.CTC(pad_token="<pad>", word_delimiter_token="|", cleanup=yes(r)),
    ]
    return sequence(r, decoder, decoders.Sequence) if not inside and yes(r, 0.15) else r.choice(kinds)()


def model_and_trainer(r):
    kind = r.choice(["BPE", "BPE", "BPE", "Unigram", "WordPiece"])
    usual = {"special_tokens": list(special), "show_progress": False}
    if kind == "Unigram":
        return models.Unigram(), trainers.UnigramTrainer(vocab_size=150, unk_token="<unk>", **usual)
    if kind == "WordPiece":
        model = models.WordPiece(unk_token="<unk>", max_input_chars_per_word=r.choice([5, 100]))
        return model, trainers.WordPieceTrainer(vocab_size=150, **usual)
    settings = {"unk_token": "<unk>"} if yes(r) else {}
    for name in ("fuse_unk", "byte_fallback", "ignore_merges"):
        if yes(r, 0.3):
            settings[name] = True
    affixes = {}
    if yes(r, 0.2):
        affixes["end_of_word_suffix"] = "</w>"
    if yes(r, 0.2):
        affixes["continuing_subword_prefix"] = "##"
    if "byte_fallback" in settings and yes(r):
        usual["special_tokens"] += [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=150, limit_alphabet=r.choice([40, 90]), **usual, **affixes)
    return models.BPE(**settings, **affixes), trainer


def post_processor(r, tokenizer):
    first, last = ("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>"))
    template = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[first, last])
    roberta = processors.RobertaProcessing(last, first, trim_offsets=True, add_prefix_space=yes(r))
    both = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return r.choice([template, roberta, processors.BertProcessing(last, first), both])


def mixed(seed):
    r = random.Random(seed)
    model, trainer = model_and_trainer(r)
    tokenizer = Tokenizer(model)
    if yes(r, 0.6):
        tokenizer.normalizer = normalizer(r)
    if yes(r, 0.85):
        tokenizer.pre_tokenizer = pre_tokenizer(r)
    tokenizer.train_from_iterator(corpus, trainer)
    if yes(r, 0.85):
        tokenizer.decoder = decoder(r)
    for content in ("<mask>", "<sp>", "Token", "[CLS]", "<tool>", " ?"):
        if not yes(r, 0.3):
            continue
        flags = {"lstrip": yes(r, 0.3), "rstrip": yes(r, 0.3), "single_word": yes(r, 0.25), "normalized": yes(r, 0.4)}
        token = AddedToken(content, special=yes(r), **flags)
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    if yes(r):
        tokenizer.post_processor = post_processor(r, tokenizer)
    return tokenizer


def with_character_map(folder):
    """Rules of our own: one character, two, a grapheme in part, one that becomes more, one that becomes a space."""
    rules = ["41\t61", "42 301\t62", "C5\t61 30A", "65 301\t45", "1F600\t3A 29", "61 62\t78", "FB01\t66 69", "200B\t20"]
    (folder / "rules.tsv").write_text("\n".join(rules) + "\n")
    (folder / "corpus.txt").write_text("\n".join(corpus))
    settings = {"vocab_size": 150, "hard_vocab_limit": False, "character_coverage": 1.0, "minloglevel": 2}
    sentencepiece.SentencePieceTrainer.train(
        input=folder / "corpus.txt", model_prefix=folder / "m", normalization_rule_tsv=folder / "rules.tsv", **settings
    )
    trained = sentencepiece_model_pb2.ModelProto()
    trained.ParseFromString((folder / "m.model").read_bytes())
    tokenizer = Tokenizer(models.Unigram([(piece.piece, piece.score) for piece in trained.pieces], 0, False))
    tokenizer.normalizer = normalizers.Precompiled(trained.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def recorded(name, tokenizer, more=()):
    # read again, since the reference does not keep every score of a file to the last bit
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    rows = []
    for text in [*texts, *more]:
        ids = tokenizer.encode(text).ids
        decoded = [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True)]
        rows.append({"text": text, "ids": ids, "decoded": decoded})
    return {"name": name, "file": json.loads(tokenizer.to_str()), "rows": rows}


fixture = []
seed = 0
while len(fixture) < count:
    seed += 1
    try:
        fixture.append(recorded(f"mix {seed}", mixed(seed)))
    except Exception:  # what the reference cannot train or encode with
        continue
with tempfile.TemporaryDirectory() as folder:
    graphemes = ["Å A\u030a Å", "Å ab aB B\u0301 E\u0301 e\u0301", "👍🏽 \u1100\u1161", "\x00a\x01b\x7fc\u0085d"]
    fixture.append(recorded("character map", with_character_map(Path(folder)), graphemes))
target.write_text(json.dumps(fixture, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
print(len(fixture), "tokenizers")
