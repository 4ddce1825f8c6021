"""Measures exact match per family: full cache and fact oracle, at several lengths and context extensions.

Teacher-forced greedy choice: a question is right when every answer token is the most likely one after the true
tokens before it. The fact oracle drops, after every 64 tokens, what is neither BOS nor a fact.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from model import Config, Extension, NanoModel, full_cache
from samples import CODE, Samples, read_samples

UPDATE_INTERVAL = 64
FAMILIES = 8
TAIL = ["question", "answer", "stop"]


def load(file: Path) -> tuple[NanoModel, int]:
    state = torch.load(file, weights_only=False)
    model = NanoModel(Config(**state["config"]))
    model.load_state_dict(state["model"])
    return model.eval(), state["length"]


class FactOracle:
    """Attention over a cache that keeps, after every update interval, only BOS, the facts and the tail.

    What is kept is known beforehand, so all intervals are computed at once: each sees the kept tokens that stand
    before it and, causally, its own.
    """

    def __init__(self, kinds: np.ndarray):
        self.length = len(kinds)
        self.intervals = -(-self.length // UPDATE_INTERVAL)
        self.kept = np.flatnonzero(np.isin(kinds, [CODE[kind] for kind in ["bos", "fact", *TAIL]]))
        starts = np.arange(self.intervals) * UPDATE_INTERVAL
        past = np.broadcast_to(
            (self.kept[None] < starts[:, None])[:, None], (self.intervals, UPDATE_INTERVAL, len(self.kept))
        )
        own = np.broadcast_to(
            np.tri(UPDATE_INTERVAL, dtype=bool), (self.intervals, UPDATE_INTERVAL, UPDATE_INTERVAL)
        )
        self.mask = torch.from_numpy(np.concatenate([past, own], axis=2))[:, None]

    def _cut(self, x: torch.Tensor) -> torch.Tensor:
        """[1, heads, length, size] → [intervals, heads, interval, size], padded with zeros."""
        heads, size = x.shape[1], x.shape[3]
        padded = F.pad(x[0], (0, 0, 0, self.intervals * UPDATE_INTERVAL - self.length))
        return padded.view(heads, self.intervals, UPDATE_INTERVAL, size).transpose(0, 1)

    def __call__(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        def seen(x: torch.Tensor) -> torch.Tensor:
            past = x[:, :, self.kept].expand(self.intervals, -1, -1, -1)
            return torch.cat([past, self._cut(x)], dim=2)

        logits = self._cut(queries) @ seen(keys).transpose(-1, -2)
        mixed = logits.masked_fill(~self.mask, float("-inf")).softmax(-1) @ seen(values)
        return mixed.transpose(0, 1).reshape(1, queries.shape[1], -1, queries.shape[3])[:, :, : self.length]


@torch.inference_mode()
def question_scores(model: NanoModel, samples: Samples, row: int, extension: Extension, oracle: bool) -> list[int]:
    """1 or 0 for each question of one sample."""
    kinds = samples.kinds[row]
    count = int((kinds != CODE["padding"]).sum())
    kinds = kinds[:count]
    ids = torch.from_numpy(samples.ids[row, :count].astype(np.int64))
    hidden = model.hidden(ids[None], FactOracle(kinds) if oracle else full_cache, extension)[0]
    places = np.flatnonzero(kinds == CODE["answer"])
    right = (model.lm_head(hidden[places - 1]).argmax(-1) == ids[places]).numpy()
    owners = samples.questions[row, places]
    return [int(right[owners == owner].all()) for owner in np.unique(owners)]


def interval_of(by_prompt: list[list[float]], draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval over prompts, each family redrawn by itself, of the mean over families."""
    random = np.random.default_rng(1)
    means = np.zeros(draws)
    for scores in by_prompt:
        values = np.array(scores)
        means += values[random.integers(0, len(values), (draws, len(values)))].mean(1)
    low, high = np.percentile(means / len(by_prompt), [2.5, 97.5])
    return float(low), float(high)


def measure(model, samples: Samples, extension: Extension, oracle: bool) -> dict:
    """Per family and over all: mean and interval. Questions of one prompt count as their mean."""
    prompts: dict[str, list[float]] = {}
    for row, family in enumerate(samples.families):
        scores = question_scores(model, samples, row, extension, oracle)
        prompts.setdefault(family, []).append(float(np.mean(scores)))
    families = {
        family: {"em": float(np.mean(scores)), "interval": interval_of([scores]), "prompts": len(scores)}
        for family, scores in prompts.items()
    }
    return {
        "em": float(np.mean([entry["em"] for entry in families.values()])),
        "interval": interval_of(list(prompts.values())),
        "families": families,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--split", default="development")
    parser.add_argument("--lengths", type=int, nargs="+", required=True)
    parser.add_argument("--trained", type=int, help="training length; the checkpoint's last stage if left out")
    parser.add_argument("--alpha", type=float, nargs="+", default=[1.0])
    parser.add_argument("--logit-factor", type=float, nargs="+", default=[1.0])
    parser.add_argument("--caches", nargs="+", default=["full", "oracle"])
    parser.add_argument("--prompts", type=int, help="per family; all if left out")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="jsonl file to add the results to")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, stage_length = load(options.checkpoint)
    trained = options.trained or stage_length
    tokenizer = Tokenizer.from_file(str(options.data / "tokenizer.json"))
    for length in options.lengths:
        limit = options.prompts * FAMILIES if options.prompts else None
        samples = read_samples(options.data / f"{options.split}-{length}.jsonl", tokenizer, length, limit)
        plain = length <= trained
        for alpha in options.alpha[:1] if plain else options.alpha:
            for logit_factor in options.logit_factor:
                for cache in options.caches:
                    started = time.time()
                    extension = Extension(length / trained, alpha, logit_factor)
                    result = measure(model, samples, extension, cache == "oracle")
                    row = {
                        "split": options.split,
                        "length": length,
                        "factor": length / trained,
                        "alpha": alpha,
                        "logit_factor": logit_factor,
                        "cache": cache,
                        **result,
                        "seconds": round(time.time() - started, 1),
                    }
                    low, high = result["interval"]
                    parts = " ".join(f"{name} {entry['em']:.3f}" for name, entry in result["families"].items())
                    print(
                        f"{length} alpha {alpha:g} logits x{logit_factor:g} {cache}: "
                        f"{result['em']:.3f} [{low:.3f}, {high:.3f}] {parts} ({row['seconds']} s)",
                        flush=True,
                    )
                    if options.out:
                        with open(options.out, "a") as file:
                            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
