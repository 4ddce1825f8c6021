"""Tiny random models of families that the older fixtures lack, and what transformers computes with them."""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache
from transformers.models.gpt_oss import modeling_gpt_oss
from transformers.models.lfm2 import modeling_lfm2

TOKENS, MARGIN, TOLERANCE = 24, 5e-3, 2e-5

LFM2 = dict(
    model_type="lfm2", vocab_size=61, hidden_size=32, num_hidden_layers=5, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, norm_eps=2e-3, block_multiple_of=8, intermediate_size=60,
)
GPT_OSS = dict(
    model_type="gpt_oss", vocab_size=61, hidden_size=32, intermediate_size=20, num_attention_heads=4, num_key_value_heads=2,
    head_dim=8, num_local_experts=5, num_experts_per_tok=2, max_position_embeddings=256, rms_norm_eps=2e-3,
)
MODELS = {
    # Convolutions first and last; two in a row.
    "lfm2": dict(
        LFM2, layer_types=["conv", "full_attention", "conv", "conv", "full_attention", "conv"], num_hidden_layers=6,
        conv_L_cache=3, rope_parameters={"rope_type": "default", "rope_theta": 1000.0}, tie_word_embeddings=True,
    ),
    # Everything has a bias; an attention comes last.
    "lfm2-bias": dict(
        LFM2, layer_types=["conv", "conv", "full_attention"], num_hidden_layers=3, conv_L_cache=4, conv_bias=True,
        num_key_value_heads=1, block_auto_adjust_ff_dim=False, rope_theta=100.0, tie_word_embeddings=False,
        dtype="bfloat16",
    ),
    # Keys as older folders have them; an attention comes first.
    "lfm2-older-keys": dict(
        LFM2, full_attn_idxs=[0, 3], conv_L_cache=2, block_ff_dim=50, block_ffn_dim_multiplier=1.3, tie_embedding=False,
        rope_theta=500.0,
    ),
    # Windows in turns, YaRN as published.
    "gpt-oss": dict(
        GPT_OSS, num_hidden_layers=3, sliding_window=7, rope_theta=1000.0, tie_word_embeddings=False,
        rope_scaling=dict(
            rope_type="yarn", factor=8.0, beta_fast=2.0, beta_slow=1.0, truncate=False, original_max_position_embeddings=16,
        ),
    ),
    # One KV head, no biases, a low limit, other sizes of experts; windows where layer_types says.
    "gpt-oss-clamped": dict(
        GPT_OSS, num_hidden_layers=2, num_key_value_heads=1, attention_bias=False, swiglu_limit=0.7, swiglu_alpha=1.1,
        num_local_experts=3, num_experts_per_tok=3, layer_types=["full_attention", "sliding_attention"], sliding_window=5,
        rope_parameters={"rope_type": "default", "rope_theta": 300.0}, tie_word_embeddings=True, dtype="bfloat16",
    ),
    # A silent configuration: its RoPE and its windows are the family's own.
    "gpt-oss-silent": dict(GPT_OSS, num_hidden_layers=2, num_experts_per_tok=1, num_key_value_heads=4),
}

# Per layer and KV head the tokens that were evicted, which `evicting` hides from the queries of a pass.
hidden_tokens = {}


def evicting(attend):
    def attention(module, query, key, value, mask, **rest):
        gone = hidden_tokens.get(module.layer_idx)
        if gone is not None:
            group = query.shape[1] // key.shape[1]
            hide = torch.zeros(1, query.shape[1], 1, key.shape[2])
            for head, tokens in enumerate(gone):
                hide[0, head * group : (head + 1) * group, 0, tokens] = float("-inf")
            mask = hide if mask is None else mask + hide
        return attend(module, query, key, value, mask, **rest)

    return attention


for modeling in (modeling_gpt_oss, modeling_lfm2):
    modeling.eager_attention_forward = evicting(modeling.eager_attention_forward)


def draw(model, random):
    """Matrices of a size at which attention is not flat; norms and sinks around 1; biases around 0."""
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=random)
        inputs = weight.shape[1] if "experts" in name else weight.numel() / weight.shape[0]
        if name.endswith("sinks"):
            weight.copy_(noise + 1)
        elif weight.ndim > 1 and not name.endswith("_bias"):
            weight.copy_(noise * 1.5 / inputs**0.5)
        else:
            weight.copy_(noise * 0.2 + (1 if "norm" in name and name.endswith("weight") else 0))


def passes(model, cache, ids, sizes):
    """Logits of all ids, which are read in pieces, and the attention of the last piece."""
    logits = []
    for piece in torch.tensor(ids).split(sizes):
        result = model(piece[None], past_key_values=cache, use_cache=True, output_attentions=True)
        logits.append(result.logits[0])
    attention = [layer[0] for layer in result.attentions if layer is not None]
    return torch.cat(logits), attention


def keep_some(layers, heads, alive, random):
    """Per layer and head, of the tokens that are there, some share."""
    def some(tokens):
        share = 0.2 + 0.6 * torch.rand(1, generator=random).item()
        return [token for token in tokens if torch.rand(1, generator=random).item() < share] or tokens[-1:]

    return [[some(alive[layer][head]) for head in range(heads)] for layer in range(layers)]


def hide_all_but(kept, numbers, seen):
    hidden_tokens.clear()
    for layer, heads in zip(numbers, kept):
        hidden_tokens[layer] = [sorted(set(range(seen)) - set(tokens)) for tokens in heads]


def evictions(model, cache_of, ids, numbers, heads, tensors, random):
    """Twice some tokens go, and others are read: as one chunk, and one by one."""
    vocabulary = model.config.vocab_size
    first, second = (torch.randint(vocabulary, (count,), generator=random).tolist() for count in (8, 6))
    alive = [[list(range(len(ids)))] * heads for _ in numbers]
    kept = keep_some(len(numbers), heads, alive, random)
    fresh = list(range(len(ids), len(ids) + len(first)))
    alive = [[tokens + fresh for tokens in layer] for layer in kept]
    kept_again = keep_some(len(numbers), heads, alive, random)
    for mode, sizes in (("chunk", [8, 6]), ("step", [1, 1])):
        cache = cache_of()
        hidden_tokens.clear()
        passes(model, cache, ids, [len(ids)])
        hide_all_but(kept, numbers, len(ids))
        logits, attention = passes(model, cache, first, sizes[0])
        tensors[f"evict.{mode}_logits"] = logits
        if mode == "chunk":
            for layer, own in enumerate(attention):
                tensors[f"evict.attn.{layer}"] = own
        hide_all_but(kept_again, numbers, len(ids) + len(first))
        tensors[f"evict.second.{mode}_logits"], _ = passes(model, cache, second, sizes[1])
    hidden_tokens.clear()
    return {"new_ids": first, "keep": kept, "second": {"new_ids": second, "keep": kept_again}}


def greedy(model, cache, ids):
    """Tokens, and by how much the closest of them won."""
    chosen, margin, piece = [], float("inf"), ids
    while len(chosen) < TOKENS:
        last = passes(model, cache, piece, [len(piece)])[0][-1]
        best = last.topk(2).values
        margin = min(margin, (best[0] - best[1]).item())
        piece = [last.argmax().item()]
        chosen += piece
    return chosen, margin


@torch.no_grad()
def make(name, settings, seed, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings, indent=1))
    config = AutoConfig.from_pretrained(folder)
    random = torch.Generator().manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    draw(model, random)
    stored = getattr(torch, settings.get("dtype", "float32"))
    for weight in model.parameters():
        weight.copy_(weight.to(stored))  # computed in float32 with what is stored
    weights = {key: value.to(stored).contiguous() for key, value in model.state_dict().items()}
    if config.tie_word_embeddings:
        del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors")
    # Without a configuration a cache keeps what is outside of windows, as masks count it.
    is_hybrid = "conv" in config.layer_types
    cache_of = lambda: DynamicCache(config=config) if is_hybrid else DynamicCache()
    numbers = [i for i, type in enumerate(config.layer_types) if type != "conv"]
    heads = config.num_key_value_heads
    while True:
        tensors = {}
        ids = torch.randint(config.vocab_size, (TOKENS,), generator=random).tolist()
        greedy_ids, margin = greedy(model, cache_of(), ids)
        tensors["decode_logits"], _ = passes(model, cache_of(), ids, 1)
        tensors["logits"], _ = passes(model, cache_of(), ids, TOKENS)
        evict = evictions(model, cache_of, ids, numbers, heads, tensors, random)
        pairs = [("logits", "decode_logits")] + [(f"{e}.chunk_logits", f"{e}.step_logits") for e in ("evict", "evict.second")]
        off = max((tensors[chunk] - tensors[step]).abs().max() for chunk, step in pairs)
        if margin > MARGIN and off < TOLERANCE:
            break
    cache = cache_of()
    result = model(torch.tensor([ids]), past_key_values=cache, output_attentions=True, output_hidden_states=True)
    tensors["hidden.0"] = result.hidden_states[0][0]
    tensors[f"hidden.{config.num_hidden_layers}"] = result.hidden_states[-1][0]
    for layer, own in enumerate(attention for attention in result.attentions if attention is not None):
        tensors[f"attn.{layer}"] = own[0]
        tensors[f"k.{layer}"] = cache.layers[numbers[layer]].keys[0]
        tensors[f"v.{layer}"] = cache.layers[numbers[layer]].values[0]
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "expected.safetensors")
    facts = {"input_ids": ids, "greedy_ids": greedy_ids, "evict": evict}
    (folder / "fixture.json").write_text(json.dumps(facts))
    print(name, f"off {off:.1e}, margin {margin:.3f}, logits {tensors['logits'].std():.2f}")


for seed, (name, settings) in enumerate(MODELS.items()):
    make(name, settings, seed + 1, pathlib.Path(sys.argv[1]) / name)
