"""Exact answers per kind with the full cache, teacher-forced, at the lengths of the development clips."""

import argparse
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from export import load
from model import Extension
from train import Data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--lengths", type=int, nargs="+", default=[12, 24, 48, 96], help="frames")
    parser.add_argument("--positions", type=int, default=128, help="that the model was trained for")
    parser.add_argument("--alpha", type=float, default=1)
    parser.add_argument("--logits", type=float, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, _ = load(options.checkpoint)
    tokenizer = Tokenizer.from_file(str(options.data / "tokenizer.json"))
    for length in options.lengths:
        data = Data(options.data, length, tokenizer, "development")
        longest = sum(max(q.ids.shape[1] for q in data.clips.questions) for _ in [0])
        factor = max(1.0, (1 + length * model.config.rows + longest) / options.positions)
        extension = Extension(factor=float(np.ceil(factor)), alpha=options.alpha, logit_factor=options.logits)
        right: dict[str, list[float]] = {}
        with torch.inference_mode():
            for clip in range(len(data.clips.pictures)):
                random = np.random.default_rng([1, length, clip])
                rows = model.rows(data.noisy(data.clips.pictures[clip], random)).flatten(0, 1)[None]
                ids = [torch.from_numpy(q.ids[clip : clip + 1]) for q in data.clips.questions]
                hidden = model.hidden(rows, ids, extension)
                at = 1 + rows.shape[1]
                for q, tokens in zip(data.clips.questions, ids):
                    scored = torch.from_numpy(q.answer[clip])[1:]
                    if scored.any():
                        states = hidden[0, at : at + tokens.shape[1] - 1][scored]
                        best = model.language.lm_head(states).argmax(-1)
                        right.setdefault(q.kind, []).append(float((best == tokens[0, 1:][scored]).all()))
                    at += tokens.shape[1]
        means = {kind: float(np.mean(values)) for kind, values in right.items()}
        figures = ", ".join(f"{kind} {value:.2f}" for kind, value in means.items())
        print(f"{length} frames, ×{extension.factor:.0f}: mean {np.mean(list(means.values())):.3f}; {figures}", flush=True)


if __name__ == "__main__":
    main()
