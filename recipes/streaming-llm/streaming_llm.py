"""Logits of attention sinks with positions relative to the cache, token by token."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

SINKS = 3
RECENT = 9
TOKENS = 48
COMPARED = 8  # the last tokens, whose logits are stored

folder = Path(__file__).resolve().parents[2] / "packages/decoder/test/__fixtures__"


def attend(layer, attention, rotary, hidden, cache):
    """One new token: everything in the cache is rotated by its place in the cache."""
    head_size = attention.head_dim
    split = lambda x: x.view(1, 1, -1, head_size).transpose(1, 2)  # [1, heads, 1, size]
    query, key, value = (split(p(hidden)) for p in (attention.q_proj, attention.k_proj, attention.v_proj))
    if layer in cache:
        key = torch.cat([cache[layer][0], key], dim=2)
        value = torch.cat([cache[layer][1], value], dim=2)
    length = key.shape[2]
    cos, sin = rotary(value, torch.arange(length)[None])
    rotated, _ = apply_rotary_pos_emb(key, key, cos, sin)
    query, _ = apply_rotary_pos_emb(query, query, cos[:, -1:], sin[:, -1:])
    groups = query.shape[1] // key.shape[1]
    scores = query @ rotated.repeat_interleave(groups, dim=1).transpose(2, 3) * attention.scaling
    attended = scores.softmax(-1) @ value.repeat_interleave(groups, dim=1)
    keep = list(range(min(SINKS, length))) + list(range(max(SINKS, length - RECENT), length))
    cache[layer] = key[:, :, keep], value[:, :, keep]
    return attention.o_proj(attended.transpose(1, 2).reshape(1, 1, -1))


@torch.no_grad()
def run(name, layers=None):
    model = AutoModelForCausalLM.from_pretrained(folder / name, dtype=torch.float64).eval()
    body = model.model
    body.layers = body.layers[:layers]
    vocabulary = model.config.vocab_size
    ids = [(17 * i * i + 5 * i + 3) % vocabulary for i in range(TOKENS)]
    cache, logits = {}, []
    for token in ids:
        hidden = body.embed_tokens(torch.tensor([[token]]))
        for index, layer in enumerate(body.layers):
            normed = layer.input_layernorm(hidden)
            hidden = hidden + attend(index, layer.self_attn, body.rotary_emb, normed, cache)
            hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
        logits.append(model.lm_head(body.norm(hidden))[0, 0])
    return ids, torch.stack(logits[-COMPARED:]).float()


def main(target):
    runs = {
        "llama-base": run("llama-base"),
        "llama-base-1": run("llama-base", layers=1),
        "llama-rope-yarn": run("llama-rope-yarn"),
    }
    facts = {
        "sinks": SINKS,
        "recent": RECENT,
        "ids": {name: ids for name, (ids, _) in runs.items()},
    }
    save_file({name: logits for name, (_, logits) in runs.items()}, target, {"facts": json.dumps(facts)})


if __name__ == "__main__":
    main(sys.argv[1])
