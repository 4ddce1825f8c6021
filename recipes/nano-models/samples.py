"""Turns jsonl samples into arrays of token ids and of what each token is there for."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

KINDS = ["bos", "filler", "distractor", "stale", "fact", "question", "answer", "stop", "padding"]
CODE = {kind: code for code, kind in enumerate(KINDS)}


@dataclass
class Samples:
    ids: np.ndarray  # [samples, length]
    kinds: np.ndarray  # [samples, length], indices of KINDS
    questions: np.ndarray  # [samples, length], index of the question an answer token belongs to, else -1
    families: list[str]


def read_samples(file: Path, tokenizer: Tokenizer, length: int, limit: int | None = None) -> Samples:
    with open(file) as lines:
        records = [json.loads(line) for line, _ in zip(lines, range(limit or 10**9))]
    texts = ["".join(segment["text"] for segment in record["segments"]) for record in records]
    ids = np.zeros((len(records), length), dtype=np.int16)
    kinds = np.full((len(records), length), CODE["padding"], dtype=np.int8)
    questions = np.full((len(records), length), -1, dtype=np.int8)
    for row, (record, encoding) in enumerate(zip(records, tokenizer.encode_batch(texts))):
        # The BOS token of the template has the offsets (0, 0).
        starts = np.array([start for start, _ in encoding.offsets[1:]])
        ends = np.cumsum([len(segment["text"]) for segment in record["segments"]])
        segments = np.searchsorted(ends, starts, side="right")
        codes, owners, previous = [], [], None
        for segment in record["segments"]:
            stop = segment["kind"] == "question" and previous == "answer" and len(segment["text"]) == 1
            codes.append(CODE["stop" if stop else segment["kind"]])
            owners.append(segment.get("questions", [0])[0] if segment["kind"] == "answer" else -1)
            previous = segment["kind"]
        count = len(encoding.ids)
        if count != record["tokens"] or count > length:
            raise ValueError(f"{file}: {record['id']} says {record['tokens']} tokens but has {count}")
        ids[row, :count] = encoding.ids
        kinds[row, 0] = CODE["bos"]
        kinds[row, 1:count] = np.array(codes)[segments]
        questions[row, 1:count] = np.array(owners)[segments]
    return Samples(ids, kinds, questions, [record["family"] for record in records])
