"""Trains a nano video language model through growing clips. Run it again after a stop: it goes on from its last checkpoint."""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from clips import Clips, Pictures, read_clips
from model import Config, NanoVideo, TextConfig
from muon import Muon

# Learned last: drawn twice as often as other kinds, and twice as heavy.
HARD = ("counting", "colour-change", "last-seen", "where")
ADAM_SHARE = 0.15  # AdamW's learning rate as a share of Muon's


@dataclass
class Stage:
    lengths: list[int]  # frames; a batch has one of them
    steps: int
    batch: int
    rate: float  # Muon's learning rate at the start of the stage
    last_rate: float  # and at its end
    kinds: list[str]  # of questions; empty for all


def parse_stages(text: str) -> list[Stage]:
    """`length,length,…:steps:batch:rate:last_rate[:kind,kind,…]`, several separated by blanks."""
    stages = []
    for part in text.split():
        lengths, steps, batch, rate, last, *kinds = part.split(":")
        frames = [int(n) for n in lengths.split(",")]
        asked = kinds[0].split(",") if kinds else []
        stages.append(Stage(frames, int(steps), int(batch), float(rate), float(last), asked))
    return stages


class Data:
    def __init__(self, folder: Path, length: int, tokenizer: Tokenizer, split: str = "train"):
        self.pictures = Pictures(folder, f"{split}-{length}")
        self.clips: Clips = read_clips(folder, f"{split}-{length}", tokenizer)

    def noisy(self, numbers: np.ndarray, random: np.random.Generator) -> torch.Tensor:
        """Bytes of the pictures with these numbers, with noise."""
        clean = self.pictures.bytes[numbers].astype(np.int16)
        noise = self.pictures.noise
        noisy = clean + random.integers(-noise, noise, clean.shape, dtype=np.int16, endpoint=True)
        return torch.from_numpy(noisy.clip(0, 255))


def loss_of(model: NanoVideo, data: Data, rows: np.ndarray, random: np.random.Generator, asked: int, kinds: list[str]):
    """
    Cross-entropy of the answers of some kinds of questions about some clips; per kind the share of tokens that are right.
    Unless kinds are named, what came in which order is always asked: it teaches most.
    """
    numbers = data.clips.pictures[rows]
    unique, inverse = np.unique(numbers, return_inverse=True)
    order, *others = data.clips.questions
    if kinds:
        questions = [q for q in data.clips.questions if q.kind in kinds]
    else:
        share = np.array([2 if q.kind in HARD else 1 for q in others])
        drawn = random.choice(len(others), asked - 1, replace=False, p=share / share.sum())
        questions = [order, *(others[i] for i in drawn)]
    ids = [torch.from_numpy(q.ids[rows]) for q in questions]
    features = model.rows(data.noisy(unique, random))
    video = features[torch.from_numpy(inverse.reshape(numbers.shape))].flatten(1, 2)
    hidden = model.hidden(video, ids)
    at = 1 + video.shape[1]
    states, targets, spans = [], [], []
    for q, tokens in zip(questions, ids):
        scored = torch.from_numpy(q.answer[rows])[:, 1:]
        states.append(hidden[:, at : at + tokens.shape[1] - 1][scored])
        targets.append(tokens[:, 1:][scored])
        spans.append((q.kind, len(targets[-1])))
        at += tokens.shape[1]
    logits = model.language.lm_head(torch.cat(states))
    target = torch.cat(targets)
    losses = F.cross_entropy(logits, target, reduction="none")
    hits = (logits.argmax(-1) == target).float()
    right, means, start = {}, [], 0
    for kind, count in spans:
        if count:
            right[kind] = hits[start : start + count].mean().item()
            means.append((losses[start : start + count].mean(), 2 if kind in HARD else 1))
        start += count
    weight = sum(w for _, w in means)
    return sum(loss * w for loss, w in means) / weight, right


def optimizers_of(model: NanoVideo):
    matrices = [p for name, p in model.named_parameters() if ".layers." in name and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon = Muon(matrices, lr=0.01)
    adam = torch.optim.AdamW(others, lr=0.0015, betas=(0.9, 0.95), weight_decay=0.0)
    return muon, adam


def save(file: Path, state: dict) -> None:
    temporary = file.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with tokenizer.json and the clips")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--stages", required=True, help=parse_stages.__doc__)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--inner", type=int, default=256)
    parser.add_argument("--theta", type=float, default=1e4)
    parser.add_argument("--last-theta", type=float, help="rotary base from the last stage on")
    parser.add_argument("--questions", type=int, default=4, help="kinds of questions that a batch asks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warmup", type=int, default=50, help="steps of linear growth of the rate")
    parser.add_argument("--save-every", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.run.mkdir(parents=True, exist_ok=True)
    stages = parse_stages(options.stages)
    tokenizer = Tokenizer.from_file(str(options.data / "tokenizer.json"))
    text = TextConfig(vocabulary=tokenizer.get_vocab_size(), layers=options.layers, inner=options.inner)
    text.theta = options.theta
    config = Config(text)
    model = NanoVideo(config)
    model.initialise()
    muon, adam = optimizers_of(model)
    first, checkpoint = 0, options.run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(state["model"])
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        first = state["step"]
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, from step {first}", flush=True)

    total = sum(stage.steps for stage in stages)
    step, started, begun = 0, time.time(), first
    for number, stage in enumerate(stages):
        if first >= step + stage.steps:
            step += stage.steps
            continue
        data = [Data(options.data, length, tokenizer) for length in stage.lengths]
        if number == len(stages) - 1 and options.last_theta:
            config.text.theta = options.last_theta
        recent = []
        for local in range(stage.steps):
            if step < first:
                step += 1
                continue
            random = np.random.default_rng([options.seed, number, local])
            rate = (stage.rate + (stage.last_rate - stage.rate) * local / stage.steps) * min(1, (step + 1) / options.warmup)
            for group in muon.param_groups:
                group["lr"] = rate
            for group in adam.param_groups:
                group["lr"] = rate * ADAM_SHARE
            own = data[random.integers(len(data))]
            rows = random.choice(len(own.clips.pictures), stage.batch, replace=False)
            loss, kinds = loss_of(model, own, rows, random, options.questions, stage.kinds)
            muon.zero_grad(set_to_none=True)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            muon.step()
            adam.step()
            recent.append((loss.item(), kinds))
            step += 1
            if step % 20 == 0:
                names = sorted({kind for _, kinds in recent for kind in kinds})
                seconds = (time.time() - started) / (step - begun)
                entry = {
                    "step": step,
                    "loss": round(float(np.mean([loss for loss, _ in recent])), 4),
                    **{n: round(float(np.mean([k[n] for _, k in recent if n in k])), 3) for n in names},
                    "gradient": round(float(norm), 2),
                    "seconds_per_step": round(seconds, 3),
                    "minutes_left": round((total - step) * seconds / 60, 1),
                }
                recent = []
                print(json.dumps(entry), flush=True)
                with open(options.run / "log.jsonl", "a") as log:
                    log.write(json.dumps(entry) + "\n")
            last = local == stage.steps - 1
            if step % options.save_every == 0 or last:
                state = {
                    "config": config.to_dict(),
                    "model": model.state_dict(),
                    "muon": muon.state_dict(),
                    "adam": adam.state_dict(),
                    "step": step,
                    "length": max(stage.lengths),
                }
                save(checkpoint, state)
                if last:
                    save(options.run / f"stage-{number}.pt", state)


if __name__ == "__main__":
    main()
