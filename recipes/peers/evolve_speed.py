"""A population of NAMMs in plain batched PyTorch: the loop that `measure evolve-speed` compares with.

Reads requests from standard input, one line of JSON each, and answers each with one line of JSON.
"""

import json
import math
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before torch is loaded

import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

HOP, WINDOW, BINS = 16, 32, 17
RECENCY = 8
HIDDEN = 32

torch.set_num_threads(1)


class Model:
    """A Llama from a Hugging Face folder, on padded caches."""

    def __init__(self, folder: str, theta: float) -> None:
        with open(os.path.join(folder, "config.json"), encoding="utf8") as file:
            self.config = config = json.load(file)
        self.heads = config["num_attention_heads"]
        self.kv_heads = config["num_key_value_heads"]
        self.size = config["head_dim"]
        self.group = self.heads // self.kv_heads
        self.epsilon = config["rms_norm_eps"]
        weights = load_file(os.path.join(folder, "model.safetensors"))
        self.embedding = weights["model.embed_tokens.weight"]
        self.norm = weights["model.norm.weight"]
        self.head = weights["lm_head.weight"].T.contiguous()
        self.layers = []
        for index in range(config["num_hidden_layers"]):
            own = lambda name: weights[f"model.layers.{index}.{name}.weight"]
            self.layers.append(
                {
                    "norm1": own("input_layernorm"),
                    "norm2": own("post_attention_layernorm"),
                    "qkv": torch.cat([own(f"self_attn.{part}_proj") for part in "qkv"]).T.contiguous(),
                    "out": own("self_attn.o_proj").T.contiguous(),
                    "gate_up": torch.cat([own("mlp.gate_proj"), own("mlp.up_proj")]).T.contiguous(),
                    "down": own("mlp.down_proj").T.contiguous(),
                }
            )
        half = torch.arange(0, self.size, 2, dtype=torch.float64) / self.size
        self.frequencies = theta**-half

    def rotary(self, start: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        angles = torch.arange(start, start + count, dtype=torch.float64)[:, None] * self.frequencies
        angles = torch.cat([angles, angles], -1)
        return angles.cos().float(), angles.sin().float()

    def project(self, layer, x, cos, sin):
        """x [batch, new, hidden] to queries [batch, kv, group * new, size], keys and values [batch, kv, new, size]."""
        batch, new, _ = x.shape
        normed = F.rms_norm(x, x.shape[-1:], layer["norm1"], self.epsilon)
        qkv = (normed @ layer["qkv"]).view(batch, new, -1, self.size).transpose(1, 2)
        rotated = qkv[:, : self.heads + self.kv_heads]
        left, right = rotated.chunk(2, -1)
        rotated = rotated * cos + torch.cat([-right, left], -1) * sin
        queries = rotated[:, : self.heads].reshape(batch, self.kv_heads, self.group * new, self.size)
        return queries, rotated[:, self.heads :], qkv[:, self.heads + self.kv_heads :]

    def feed_forward(self, layer, x):
        normed = F.rms_norm(x, x.shape[-1:], layer["norm2"], self.epsilon)
        gate, up = (normed @ layer["gate_up"]).chunk(2, -1)
        return x + (F.silu(gate) * up) @ layer["down"]


class Namms:
    """The scorers of a population: BAM, each member with parameters of its own."""

    def __init__(self, parameters: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> None:
        features = RECENCY + BINS
        sizes = [features * 3 * HIDDEN, 3 * HIDDEN, HIDDEN * 2 * features, 2 * features, features, 1]
        qkv, qkv_bias, out, out_bias, score, score_bias = parameters.split(sizes, -1)
        members = len(parameters)
        self.qkv = qkv.view(members, features, 3 * HIDDEN).contiguous()
        self.qkv_bias = qkv_bias.view(members, 1, 3 * HIDDEN)
        self.out = out.view(members, HIDDEN, 2 * features).contiguous()
        self.out_bias = out_bias.view(members, 1, 2 * features)
        self.score = score.view(members, features, 1).contiguous()
        self.score_bias = score_bias.view(members, 1, 1)
        self.mean = mean.view(BINS, 1)
        self.deviation = variance.sqrt().clamp(min=1e-7).view(BINS, 1)
        self.frequencies = 50_000.0 ** (-torch.arange(RECENCY // 2) / (RECENCY // 2))

    def scores(self, spectrum, positions, newest: int):
        """spectrum [batch, kv, bins, slots], batch = members * prompts; scores [batch, kv, slots]."""
        batch, kv, _, slots = spectrum.shape
        members = len(self.qkv)
        age = (newest - positions).clamp(min=0)[..., None] * self.frequencies
        normalised = ((spectrum - self.mean) / self.deviation).transpose(-1, -2)
        x = torch.cat([age.sin(), age.cos(), normalised], -1).view(members, -1, RECENCY + BINS)
        qkv = torch.baddbmm(self.qkv_bias, x, self.qkv).view(batch * kv, 1, slots, 3 * HIDDEN)
        # Reversed, so that the causal kernel lets a token see itself and newer ones. Padding comes last then,
        # where no token sees it.
        reversed_ = [part.flip(2) for part in qkv.chunk(3, -1)]
        attended = F.scaled_dot_product_attention(*reversed_, is_causal=True).flip(2)
        rm = torch.baddbmm(self.out_bias, attended.view(members, -1, HIDDEN), self.out)
        r, m = rm.chunk(2, -1)
        return torch.baddbmm(self.score_bias, x * (1 + m) + r, self.score).view(batch, kv, slots)


class Spectrum:
    def __init__(self, decay: float) -> None:
        self.window = torch.hann_window(WINDOW)
        self.weight = decay**HOP
        angle = torch.arange(BINS)[:, None] * torch.arange(WINDOW) * (2 * math.pi / WINDOW)
        kernel = torch.cat([angle.cos(), angle.sin()]) * self.window  # [2 bins, window]
        self.kernel = kernel.view(2 * BINS, 1, WINDOW, 1)

    def fold(self, attention, tail, old):
        """attention [batch, kv, new, slots], tail [.., 16, old slots], old average [.., bins, old slots]."""
        batch, kv, new, slots = attention.shape
        born = slots - tail.shape[-1]
        signal = torch.cat([F.pad(tail, (0, born)), attention], 2)
        frames = new // HOP
        windows = signal.unfold(2, WINDOW, HOP)  # [batch, kv, frames, slots, window]
        parts = windows @ self.kernel.view(2 * BINS, WINDOW).T
        real, imaginary = parts.chunk(2, -1)
        magnitudes = (real.square() + imaginary.square()).sqrt()  # [batch, kv, frames, slots, bins]
        weights = (1 - self.weight) * self.weight ** torch.arange(frames - 1, -1, -1)
        folded = torch.einsum("bkfsn,f->bkns", magnitudes, weights)
        folded += F.pad(old, (0, born)) * self.weight**frames
        return folded, attention[:, :, -HOP:]


def gather(rows, order):
    """rows [batch, kv, slots, size] at order [batch, kv, kept]."""
    return rows.gather(2, order[..., None].expand(*order.shape, rows.shape[-1]))


@torch.inference_mode()
def evaluate(model: Model, namms: Namms | None, spectrum: Spectrum, ids, interval: int, offset: float):
    """ids [batch, tokens]; returns logits of the last token and the kept share of each sequence."""
    batch, total = ids.shape
    kv, size, group = model.kv_heads, model.size, model.group
    caches = [
        {
            "keys": torch.zeros(batch, kv, 0, size),
            "values": torch.zeros(batch, kv, 0, size),
            "positions": torch.zeros(batch, kv, 0),
            "valid": None,  # [batch, kv, slots] where heads differ
            "tail": torch.zeros(batch, kv, HOP, 0),
            "average": torch.zeros(batch, kv, BINS, 0),
        }
        for _ in model.layers
    ]
    for start in range(0, total, interval):
        new = min(interval, total - start)
        cos, sin = model.rotary(start, new)
        causal = torch.full((new, new), -math.inf).triu(1).repeat(group, 1)
        x = model.embedding[ids[:, start : start + new]]
        for layer, cache in zip(model.layers, caches):
            queries, keys, values = model.project(layer, x, cos, sin)
            past = cache["keys"].shape[2]
            keys = cache["keys"] = torch.cat([cache["keys"], keys], 2)
            values = cache["values"] = torch.cat([cache["values"], values], 2)
            scores = queries @ (keys.transpose(-1, -2) * size**-0.5)
            scores[..., past:] += causal
            if cache["valid"] is not None:
                cache["valid"] = F.pad(cache["valid"], (0, new), value=True)
                scores.masked_fill_(~cache["valid"][:, :, None], -math.inf)
            probabilities = scores.softmax(-1)
            attended = (probabilities @ values).view(batch, kv * group, new, size)
            x = x + attended.transpose(1, 2).reshape(batch, new, -1) @ layer["out"]
            x = model.feed_forward(layer, x)
            if namms is None:
                continue
            attention = probabilities.view(batch, kv, group, new, -1).mean(2)
            positions = torch.arange(start, start + new, dtype=torch.float32).expand(batch, kv, new)
            cache["positions"] = torch.cat([cache["positions"], positions], -1)
            cache["average"], cache["tail"] = spectrum.fold(attention, cache["tail"], cache["average"])
            if new == interval:
                evict(cache, namms, start + new - 1, offset)
    last = F.rms_norm(x[:, -1], x.shape[-1:], model.norm, model.epsilon)
    rows = [c["keys"].shape[2] * torch.ones(batch, kv) if c["valid"] is None else c["valid"].sum(-1) for c in caches]
    kept = torch.stack([r.float() for r in rows]).mean((0, 2)) / total
    return last @ model.head, kept


def evict(cache, namms: Namms, newest: int, offset: float) -> None:
    valid = cache["valid"]
    scores = namms.scores(cache["average"], cache["positions"], newest) + offset
    keep = scores >= 0
    keep[..., -1] = True
    if valid is not None:
        keep &= valid
    counts = keep.sum(-1)
    most = int(counts.max())
    if most == keep.shape[-1] and valid is None and bool((counts == most).all()):
        return
    # Kept rows move to the right end in order, padding stays left of them.
    order = keep.to(torch.int8).argsort(dim=-1, stable=True)[..., -most:]
    cache["keys"] = gather(cache["keys"], order)
    cache["values"] = gather(cache["values"], order)
    cache["positions"] = cache["positions"].gather(-1, order)
    columns = lambda rows: rows.gather(3, order[:, :, None].expand(-1, -1, rows.shape[2], -1))
    cache["tail"] = columns(cache["tail"])
    cache["average"] = columns(cache["average"])
    cache["valid"] = None if bool((counts == most).all()) else keep.gather(-1, order)


def main() -> None:
    model = spectrum = namms = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["kind"] == "load":
            model = Model(request["folder"], request["theta"])
            spectrum = Spectrum(request["decay"])
            arrays = load_file(request["namms"])
            namms = Namms(arrays["parameters"], arrays["mean"], arrays["variance"])
            ids = arrays["ids"].long()  # [prompts, tokens]
            ids = ids.repeat(len(arrays["parameters"]), 1)  # [members * prompts, tokens]
            print(json.dumps({"name": f"PyTorch {torch.__version__}"}), flush=True)
            continue
        policy = None if request["full"] else namms
        start = time.process_time()
        logits, kept = evaluate(model, policy, spectrum, ids, request["interval"], request["offset"])
        seconds = time.process_time() - start
        print(
            json.dumps({"seconds": seconds, "kept": kept.tolist(), "logits": logits.flatten().tolist()}),
            flush=True,
        )


main()
