"""Reads the clips that generate.mjs writes, as arrays."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

PROMPT = " {question}\n"  # as the chat template of the model writes it, behind the rows of the frames
END = "</s>"
PADDING = 0


@dataclass
class Questions:
    """One question of each clip, of the same kind; clips that have none are padding throughout."""

    kind: str
    ids: np.ndarray  # [clips, longest]
    answer: np.ndarray  # [clips, longest]: whether the token is of the answer, its end included


@dataclass
class Clips:
    pictures: np.ndarray  # [clips, frames]: numbers
    questions: list[Questions]


class Pictures:
    """The pictures of a file of clips, as bytes [pictures, size, size, 3], and how far noise goes."""

    def __init__(self, folder: Path, name: str):
        facts = json.loads((folder / f"{name}.json").read_text())
        numbers = np.fromfile(folder / f"{name}.bin", dtype=np.uint8)
        palette = np.array(facts["palette"], dtype=np.uint8)
        size = facts["size"]
        self.bytes = palette[numbers].reshape(-1, size, size, 3)
        self.noise = facts["noise"]


def read_clips(folder: Path, name: str, tokenizer: Tokenizer) -> Clips:
    lines = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    encode = cache(lambda text: tokenizer.encode(text, add_special_tokens=False).ids)
    kinds: dict[str, list] = {}
    for line in lines:
        for question in line["questions"]:
            kinds.setdefault(question["kind"], [None] * len(lines))
    for row, line in enumerate(lines):
        for question in line["questions"]:
            asked = encode(PROMPT.format(question=question["text"]))
            told = encode(" " + " ".join(question["answer"])) + [tokenizer.token_to_id(END)]
            kinds[question["kind"]][row] = (asked, told)
    questions = []
    for kind, rows in kinds.items():
        longest = max(len(asked) + len(told) for asked, told in filter(None, rows))
        ids = np.full((len(lines), longest), PADDING, dtype=np.int64)
        answer = np.zeros((len(lines), longest), dtype=bool)
        for row, pair in enumerate(rows):
            if pair is None:
                continue
            asked, told = pair
            ids[row, : len(asked) + len(told)] = asked + told
            answer[row, len(asked) : len(asked) + len(told)] = True
        questions.append(Questions(kind, ids, answer))
    return Clips(np.array([line["pictures"] for line in lines]), questions)
