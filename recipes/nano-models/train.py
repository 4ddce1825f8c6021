"""Trains a nano model through growing lengths. Run it again after a stop: it goes on from its last checkpoint."""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from model import Config, NanoModel
from samples import CODE, Samples, read_samples

FILLER_WEIGHT = 0.1
FILLER_SHARE = 0.2
ADAM_SHARE = 0.15  # AdamW's learning rate as a share of Muon's


@dataclass
class Stage:
    length: int
    steps: int
    batch: int  # samples per step
    repetition: float  # share of them from the repetition warm-up
    rate: float  # Muon's learning rate at the start of the stage
    last_rate: float  # and at its end


def parse_stages(text: str) -> list[Stage]:
    """`length:steps:batch:repetition:rate:last_rate`, several separated by blanks."""
    stages = []
    for part in text.split():
        length, steps, batch, repetition, rate, last = part.split(":")
        stages.append(Stage(int(length), int(steps), int(batch), float(repetition), float(rate), float(last)))
    return stages


class Batches:
    """The batches of a stage; batch number n is the same in every run."""

    def __init__(self, stage: Stage, tasks: Samples, repetitions: Samples, seed: int):
        self.stage, self.tasks, self.repetitions = stage, tasks, repetitions
        self.seed = seed
        self.repeated = round(stage.batch * stage.repetition)

    def _rows(self, samples: Samples, count: int, step: int, stream: int) -> np.ndarray:
        """Rows `step · count …` of an endless sequence of reshuffled passes over the samples."""
        total = len(samples.ids)
        wanted = np.arange(step * count, (step + 1) * count)
        rows = np.empty(count, dtype=np.int64)
        for index in np.unique(wanted // total):
            order = np.random.default_rng([self.seed, stream, self.stage.length, index]).permutation(total)
            inside = wanted // total == index
            rows[inside] = order[wanted[inside] % total]
        return rows

    def __call__(self, step: int):
        tasks = self._rows(self.tasks, self.stage.batch - self.repeated, step, 0)
        repetitions = self._rows(self.repetitions, self.repeated, step, 1)
        ids = np.concatenate([self.tasks.ids[tasks], self.repetitions.ids[repetitions]]).astype(np.int64)
        kinds = np.concatenate([self.tasks.kinds[tasks], self.repetitions.kinds[repetitions]])
        chance = np.random.default_rng([self.seed, 2, self.stage.length, step]).random(kinds.shape)
        chance[len(tasks) :] = 1  # the words of a repetition cannot be foreseen
        answer = kinds == CODE["answer"]
        filler = (kinds == CODE["stop"]) | ((kinds == CODE["filler"]) & (chance < FILLER_SHARE))
        return torch.from_numpy(ids), torch.from_numpy(answer), torch.from_numpy(filler)


def loss_of(model: NanoModel, ids, answer, filler):
    """Cross-entropy of answers plus a little of the filler; the head sees only the tokens that are scored."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.hidden(ids[:, :-1])
        answer, filler, targets = answer[:, 1:], filler[:, 1:], ids[:, 1:]
        scored = answer | filler
        logits = model.lm_head(hidden[scored])
    losses = F.cross_entropy(logits.float(), targets[scored], reduction="none")
    is_answer = answer[scored]
    right = (logits.argmax(-1) == targets[scored])[is_answer].float().mean()
    filler_loss = losses[~is_answer].mean()
    answer_loss = losses[is_answer].mean()
    return answer_loss + FILLER_WEIGHT * filler_loss, answer_loss.item(), filler_loss.item(), right.item()


def optimizers_of(model: NanoModel):
    matrices = [p for name, p in model.named_parameters() if ".layers." in name and p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon = torch.optim.Muon(matrices, lr=0.01, momentum=0.95, nesterov=True, weight_decay=0.2, ns_steps=5)
    adam = torch.optim.AdamW(others, lr=0.0015, betas=(0.9, 0.95), weight_decay=0.0)
    return muon, adam


def save(file: Path, state: dict) -> None:
    temporary = file.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with tokenizer.json and the jsonl files")
    parser.add_argument("--run", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--stages", required=True, help=parse_stages.__doc__)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--inner", type=int, default=352)
    parser.add_argument("--query-key-norm", action="store_true", help="Qwen3 instead of Llama")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warmup", type=int, default=50, help="steps of linear growth of the rate")
    parser.add_argument("--last-theta", type=float, help="rotary base from the last stage on; 10,000 if left out")
    parser.add_argument("--save-every", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.run.mkdir(parents=True, exist_ok=True)
    stages = parse_stages(options.stages)
    tokenizer = Tokenizer.from_file(str(options.data / "tokenizer.json"))

    config = Config(
        layers=options.layers,
        heads=options.heads,
        kv_heads=options.kv_heads,
        inner=options.inner,
        query_key_norm=options.query_key_norm,
    )
    model = NanoModel(config)
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

    tokens = sum(stage.steps * stage.batch * stage.length for stage in stages)
    done, step, started, seen = 0, 0, time.time(), 0
    for number, stage in enumerate(stages):
        if first >= step + stage.steps:
            step += stage.steps
            done += stage.steps * stage.batch * stage.length
            continue
        tasks = read_samples(options.data / f"train-{stage.length}.jsonl", tokenizer, stage.length)
        repetitions = read_samples(options.data / f"repetition-{stage.length}.jsonl", tokenizer, stage.length)
        batches = Batches(stage, tasks, repetitions, options.seed)
        if number == len(stages) - 1 and options.last_theta:
            config.theta = options.last_theta
        recent = []
        for local in range(stage.steps):
            if step < first:
                step += 1
                done += stage.batch * stage.length
                continue
            share = local / stage.steps
            rate = (stage.rate + (stage.last_rate - stage.rate) * share) * min(1, (step + 1) / options.warmup)
            for group in muon.param_groups:
                group["lr"] = rate
            for group in adam.param_groups:
                group["lr"] = rate * ADAM_SHARE
            loss, *figures = loss_of(model, *batches(local))
            muon.zero_grad(set_to_none=True)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            muon.step()
            adam.step()
            recent.append(figures)
            step += 1
            done += stage.batch * stage.length
            seen += stage.batch * stage.length
            if step % 20 == 0:
                answer_loss, filler_loss, right = np.mean(recent, axis=0)
                recent = []
                speed = seen / (time.time() - started)
                entry = {
                    "step": step,
                    "length": stage.length,
                    "answer_loss": round(float(answer_loss), 4),
                    "filler_loss": round(float(filler_loss), 3),
                    "answer_accuracy": round(float(right), 4),
                    "gradient": round(float(norm), 2),
                    "tokens_per_second": round(speed),
                    "minutes_left": round((tokens - done) / speed / 60, 1),
                }
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
                    "length": stage.length,
                }
                save(checkpoint, state)
                if number == len(stages) - 1:
                    save(options.run / f"step-{step}.pt", state)
                if last:
                    save(options.run / f"stage-{number}-{stage.length}.pt", state)


if __name__ == "__main__":
    main()
