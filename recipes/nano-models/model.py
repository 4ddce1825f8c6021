"""A Llama or Qwen3 small enough to train on one core; parameter names are those of the hub."""

import math
from dataclasses import asdict, dataclass
from typing import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Up to here plain matrix products are faster on a CPU than the fused attention, whose backward pass is slow.
PLAIN_LENGTH = 256


@dataclass
class Config:
    vocabulary: int = 2048
    layers: int = 4
    width: int = 128
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 32
    inner: int = 352
    epsilon: float = 1e-5
    theta: float = 1e4
    query_key_norm: bool = False  # as in Qwen3: RMSNorm over each head's queries and keys, before RoPE

    def hub(self, trained_length: int) -> dict:
        """The same as config.json of the hub."""
        return {
            "architectures": ["Qwen3ForCausalLM" if self.query_key_norm else "LlamaForCausalLM"],
            "model_type": "qwen3" if self.query_key_norm else "llama",
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "intermediate_size": self.inner,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_size,
            "hidden_act": "silu",
            "max_position_embeddings": trained_length,
            "rms_norm_eps": self.epsilon,
            "rope_theta": self.theta,
            "rope_scaling": None,
            "attention_bias": False,
            "attention_dropout": 0.0,
            "mlp_bias": False,
            "tie_word_embeddings": False,
            "initializer_range": 0.02,
            "pretraining_tp": 1,
            "use_cache": True,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "torch_dtype": "float32",
        }

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass
class Extension:
    """How a model is run at another length than it was trained at."""

    factor: float = 1.0  # run length / training length
    alpha: float = 1.0  # of NTK; 0 leaves the base as it was
    logit_factor: float = 1.0  # multiplies the attention logits

    def base(self, config: Config) -> float:
        if self.alpha == 0 or self.factor <= 1:
            return config.theta
        size = config.head_size
        stretch = self.alpha * self.factor - (self.alpha - 1)
        return config.theta * stretch ** (size / (size - 2))


class Rotary:
    """Cosines and sines for positions 0 … length − 1."""

    def __init__(self, config: Config, length: int, base: float):
        inverse = base ** (-torch.arange(0, config.head_size, 2, dtype=torch.float32) / config.head_size)
        angles = torch.outer(torch.arange(length, dtype=torch.float32), inverse)
        angles = torch.cat([angles, angles], dim=-1)
        self.cos, self.sin = angles.cos(), angles.sin()

    def __call__(self, x: Tensor) -> Tensor:
        length, half = x.shape[-2], x.shape[-1] // 2
        turned = torch.cat([-x[..., half:], x[..., :half]], dim=-1)
        return x * self.cos[:length].to(x.dtype) + turned * self.sin[:length].to(x.dtype)


# Takes scaled queries, keys and values [batch, heads, length, head size]; gives what each query reads.
Mix = Callable[[Tensor, Tensor, Tensor], Tensor]


def full_cache(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Causal attention over everything before."""
    length = queries.shape[-2]
    if length > PLAIN_LENGTH:
        return F.scaled_dot_product_attention(queries, keys, values, is_causal=True, scale=1.0)
    future = torch.full((length, length), float("-inf"), dtype=queries.dtype).triu(1)
    return (queries @ keys.transpose(-1, -2) + future).softmax(-1) @ values


class Attention(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        query, key = config.heads * config.head_size, config.kv_heads * config.head_size
        self.q_proj = nn.Linear(config.width, query, bias=False)
        self.k_proj = nn.Linear(config.width, key, bias=False)
        self.v_proj = nn.Linear(config.width, key, bias=False)
        self.o_proj = nn.Linear(query, config.width, bias=False)
        if config.query_key_norm:
            self.q_norm = nn.RMSNorm(config.head_size, eps=config.epsilon)
            self.k_norm = nn.RMSNorm(config.head_size, eps=config.epsilon)
        else:
            self.q_norm = self.k_norm = nn.Identity()

    def forward(self, x: Tensor, rotary: Rotary, mix: Mix, logit_factor: float) -> Tensor:
        batch, length, _ = x.shape
        size, groups = self.config.head_size, self.config.heads // self.config.kv_heads

        def heads(projected: Tensor) -> Tensor:
            return projected.view(batch, length, -1, size).transpose(1, 2)

        queries = rotary(self.q_norm(heads(self.q_proj(x))))
        keys = rotary(self.k_norm(heads(self.k_proj(x)))).repeat_interleave(groups, dim=1)
        values = heads(self.v_proj(x)).repeat_interleave(groups, dim=1)
        mixed = mix(queries * (logit_factor / math.sqrt(size)), keys, values)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.gate_proj = nn.Linear(config.width, config.inner, bias=False)
        self.up_proj = nn.Linear(config.width, config.inner, bias=False)
        self.down_proj = nn.Linear(config.inner, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.input_layernorm = nn.RMSNorm(config.width, eps=config.epsilon)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = nn.RMSNorm(config.width, eps=config.epsilon)
        self.mlp = Mlp(config)

    def forward(self, x: Tensor, rotary: Rotary, mix: Mix, logit_factor: float) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rotary, mix, logit_factor)
        return x + self.mlp(self.post_attention_layernorm(x))


class Trunk(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocabulary, config.width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width, eps=config.epsilon)


class NanoModel(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        self.lm_head = nn.Linear(config.width, config.vocabulary, bias=False)

    def initialise(self) -> None:
        """Large embeddings, small outputs: with the usual values the copying heads do not form."""
        for name, parameter in self.named_parameters():
            if "q_norm" in name or "k_norm" in name:
                nn.init.constant_(parameter, 1.4)  # logits up to 11 from the start, so that heads can point
            elif "norm" in name:
                nn.init.ones_(parameter)
            elif "embed_tokens" in name:
                nn.init.normal_(parameter, std=0.7)
            elif "lm_head" in name:
                nn.init.normal_(parameter, std=0.02)
            else:
                std = 0.7 / math.sqrt(parameter.shape[1])
                nn.init.normal_(parameter, std=std * (0.1 if "o_proj" in name or "down_proj" in name else 1))

    def hidden(self, ids: Tensor, mix: Mix = full_cache, extension: Extension = Extension()) -> Tensor:
        """Normed last hidden states [batch, length, width]."""
        rotary = Rotary(self.config, ids.shape[1], extension.base(self.config))
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x, rotary, mix, extension.logit_factor)
        return self.model.norm(x)
