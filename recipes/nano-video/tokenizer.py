"""Writes the tokenizer: bytes, and each word of a question as one token with its blank."""

import argparse
import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ["<s>", "</s>", "<video>", "<image>"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with words.json; gets tokenizer.json")
    options = parser.parse_args()
    words = json.loads((options.data / "words.json").read_text())

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4096,
        min_frequency=2,
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in SPECIAL],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Which merges come is all the same, as long as every word is one token in the end.
    tokenizer.train_from_iterator((f" {word}" * 10 for word in words), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]
    )
    split = [word for word in words if len(tokenizer.encode(f" {word}", add_special_tokens=False).ids) != 1]
    if split:
        raise SystemExit(f"not one token: {split}")
    tokenizer.save(str(options.data / "tokenizer.json"))
    print(f"{tokenizer.get_vocab_size()} entries, {len(words)} words")


if __name__ == "__main__":
    main()
