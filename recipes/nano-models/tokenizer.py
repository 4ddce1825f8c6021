"""Trains the byte-level BPE tokenizer: prose, code, and every entity word as one token with its blank."""

import argparse
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from corpus import read_corpus

VOCABULARY = 2048
# How often each entity word is shown: more than any pair of the text occurs, so that its merges come first.
WORD_REPEATS = 30_000


def training_text(corpus: Path, words: list[str]):
    for document in read_corpus(corpus, "train"):
        text = document.text
        # An even sample of each work: enough for 2,048 entries.
        for start in range(0, len(text), 40_000):
            yield text[start : start + 8_000]
    for word in words:
        for _ in range(WORD_REPEATS // 100):
            yield f" {word}" * 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with words.json; gets tokenizer.json")
    options = parser.parse_args()
    words = json.loads((options.data / "words.json").read_text())

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_text(options.corpus, words), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    split = [word for word in words if len(tokenizer.encode(f" {word}", add_special_tokens=False).ids) != 1]
    if split:
        raise SystemExit(f"not one token: {split}")
    tokenizer.save(str(options.data / "tokenizer.json"))
    sample = next(iter(read_corpus(options.corpus, "valid"))).text[:20_000]
    count = len(tokenizer.encode(sample).ids)
    print(f"{tokenizer.get_vocab_size()} entries, {len(words)} entity words, {len(sample) / count:.2f} characters per token")


if __name__ == "__main__":
    main()
