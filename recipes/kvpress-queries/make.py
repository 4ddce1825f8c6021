"""Scores of kvpress' presses that go by queries, on one attention layer of a tiny random Llama."""

import json
import sys

import torch
from kvpress import ExpectedAttentionPress, LeverageScorePress, NonCausalAttnPress
from kvpress.utils import get_prerope_key_states, get_prerope_query_states
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

HEADS, GROUP, SIZE, CHUNK, SINKS, RECENT = 2, 2, 8, 16, 8, 4
LENGTH = SINKS + 2 * CHUNK + RECENT


def flat(tensor):
    return [float(f"{x:.8g}") for x in tensor.float().flatten().tolist()]


def kept(scores, count):
    best = scores[0].topk(count, dim=-1).indices.sort(dim=-1).values
    return best.tolist()


@torch.no_grad()
def case(seed):
    torch.manual_seed(seed)
    config = LlamaConfig(
        hidden_size=HEADS * GROUP * SIZE, intermediate_size=16, num_hidden_layers=1, vocab_size=16,
        num_attention_heads=HEADS * GROUP, num_key_value_heads=HEADS, max_position_embeddings=1024,
    )
    model = LlamaForCausalLM(config).eval()
    module = model.model.layers[0].self_attn
    module.rotary_emb = model.model.rotary_emb
    for projection in (module.q_proj, module.k_proj, module.v_proj):
        projection.weight.normal_(std=0.5)
    hidden = torch.randn(1, LENGTH, config.hidden_size) + torch.randn(config.hidden_size)
    queries, plain = get_prerope_query_states(module, hidden), get_prerope_key_states(module, hidden)
    embeddings = module.rotary_emb(hidden, torch.arange(LENGTH)[None])
    _, keys = apply_rotary_pos_emb(plain, plain, *embeddings)
    values = module.v_proj(hidden).view(1, LENGTH, HEADS, SIZE).transpose(1, 2)

    press = ExpectedAttentionPress(compression_ratio=0.5, n_future_positions=20 + 30 * seed, n_sink=4)
    expected = press.score(module, hidden, keys, values, None, {})

    inner = slice(SINKS, LENGTH - RECENT)
    own = {"position_embeddings": tuple(part[:, inner] for part in embeddings)}
    chunked = NonCausalAttnPress(compression_ratio=0.5, chunk_size=CHUNK)
    attention = chunked.score(module, hidden[:, inner], keys[:, :, inner], values[:, :, inner], None, own)

    drawn = []
    randn = torch.randn
    torch.randn = lambda *shape, **options: drawn.append(randn(*shape, **options)) or drawn[-1]
    leverage = LeverageScorePress.compute_leverage_scores(plain, 5)
    torch.randn = randn
    return {
        "queries": flat(queries), "keys": flat(keys), "values": flat(values), "plain": flat(plain),
        "frequencies": flat(module.rotary_emb.inv_freq),
        "expectedAttention": {
            "future": press.n_future_positions, "sinks": 4,
            "kept": kept(expected, LENGTH // 2),
        },
        "chunkAttention": {
            "chunk": CHUNK, "sinks": SINKS, "recent": RECENT,
            "kept": kept(attention, LENGTH // 2 - SINKS - RECENT),
        },
        "leverage": {"directions": flat(drawn[0] / 5**0.5), "scores": flat(leverage)},
    }


cases = [case(seed) for seed in range(6)]
sizes = {"heads": HEADS, "group": GROUP, "headSize": SIZE, "length": LENGTH}
with open(sys.argv[1], "w") as file:
    json.dump({**sizes, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
