"""A LLaVA-NeXT-Video small enough to train on one core: a CLIP tower, a projector, and the Llama of ../nano-models."""

import importlib.util
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

specification = importlib.util.spec_from_file_location(
    "nano_models", Path(__file__).parent.parent / "nano-models" / "model.py"
)
nano_models = importlib.util.module_from_spec(specification)
import sys

sys.modules["nano_models"] = nano_models
specification.loader.exec_module(nano_models)
TextConfig, Extension, NanoModel = nano_models.Config, nano_models.Extension, nano_models.NanoModel

MEAN, DEVIATION = 0.4, 0.3  # of pixels from 0 to 1, in all channels


@dataclass
class Config:
    text: TextConfig
    image: int = 32
    patch: int = 8
    stride: int = 2  # patches that are pooled, along an edge
    width: int = 64
    heads: int = 4
    inner: int = 128
    layers: int = 2

    @property
    def rows(self) -> int:
        """Tokens per frame."""
        return (self.image // self.patch // self.stride) ** 2

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def of(values: dict) -> "Config":
        return Config(**{**values, "text": TextConfig(**values["text"])})


class TowerAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        count, length, width = x.shape

        def heads(projected: Tensor) -> Tensor:
            return projected.view(count, length, self.heads, -1).transpose(1, 2)

        q, k, v = heads(self.q_proj(x)), heads(self.k_proj(x)), heads(self.v_proj(x))
        scores = (q / math.sqrt(width // self.heads)) @ k.transpose(-1, -2)
        mixed = scores.softmax(-1) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(count, length, width))


class TowerMlp(nn.Module):
    def __init__(self, width: int, inner: int):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))


class TowerLayer(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.self_attn = TowerAttention(config.width, config.heads)
        self.mlp = TowerMlp(config.width, config.inner)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Tower(nn.Module):
    """Rows of patches [pictures, patches, width] from pixels [pictures, 3, image, image]."""

    def __init__(self, config: Config):
        super().__init__()
        patches = (config.image // config.patch) ** 2
        self.patch = config.patch
        self.patch_embedding = nn.Linear(3 * config.patch**2, config.width, bias=False)
        self.class_embedding = nn.Parameter(torch.zeros(config.width))
        self.position_embedding = nn.Parameter(torch.zeros(patches + 1, config.width))
        self.pre_layrnorm = nn.LayerNorm(config.width)
        self.layers = nn.ModuleList(TowerLayer(config) for _ in range(config.layers))

    def forward(self, pixels: Tensor) -> Tensor:
        patches = F.unfold(pixels, self.patch, stride=self.patch).transpose(1, 2)
        rows = self.patch_embedding(patches)
        first = self.class_embedding.expand(len(rows), 1, -1)
        x = self.pre_layrnorm(torch.cat([first, rows], dim=1) + self.position_embedding)
        for layer in self.layers:
            x = layer(x)
        return x[:, 1:]


class Projector(nn.Module):
    """Rows of the decoder [pictures, rows, width] from rows of patches: pooled, then two linear layers."""

    def __init__(self, config: Config):
        super().__init__()
        self.edge, self.stride = config.image // config.patch, config.stride
        self.linear_1 = nn.Linear(config.width, config.text.width)
        self.linear_2 = nn.Linear(config.text.width, config.text.width)

    def pooled(self, x: Tensor) -> Tensor:
        grid = x.transpose(1, 2).reshape(len(x), -1, self.edge, self.edge)
        return F.avg_pool2d(grid, self.stride).flatten(2).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(F.gelu(self.linear_1(self.pooled(x))))


class Positions:
    """Rotary angles of tokens whose positions are given, [length]."""

    def __init__(self, config: TextConfig, positions: Tensor, base: float):
        inverse = base ** (-torch.arange(0, config.head_size, 2, dtype=torch.float32) / config.head_size)
        angles = torch.outer(positions.float(), inverse)
        angles = torch.cat([angles, angles], dim=-1)
        self.cos, self.sin = angles.cos(), angles.sin()

    __call__ = nano_models.Rotary.__call__


class NanoVideo(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.tower = Tower(config)
        self.projector = Projector(config)
        self.language = NanoModel(config.text)

    def initialise(self) -> None:
        self.language.initialise()
        for name, parameter in [*self.tower.named_parameters(), *self.projector.named_parameters()]:
            if "norm" in name and name.endswith("weight"):
                nn.init.ones_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "embedding" in name and "patch" not in name:
                nn.init.normal_(parameter, std=0.75)
            else:
                std = 0.7 / math.sqrt(parameter.shape[1])
                nn.init.normal_(parameter, std=std * (0.1 if "out_proj" in name or "fc2" in name else 1))
        nn.init.normal_(self.projector.linear_2.weight, std=1.4 / math.sqrt(self.config.text.width))

    def rows(self, pictures: Tensor) -> Tensor:
        """Rows of the decoder [pictures, rows, width] from bytes [pictures, image, image, 3]."""
        return self.projector(self.tower(self.pixels(pictures)))

    @staticmethod
    def pixels(pictures: Tensor) -> Tensor:
        return (pictures.permute(0, 3, 1, 2).float() / 255 - MEAN) / DEVIATION

    def hidden(self, video: Tensor, segments: list[Tensor], extension: Extension = Extension()) -> Tensor:
        """
        Normed last hidden states [batch, length, width] of BOS and the rows of a video, then questions, each of which
        sees the video and itself, at the positions that follow the video.
        """
        text = self.config.text
        embed = self.language.model.embed_tokens
        batch, seen = len(video), 1 + video.shape[1]
        bos = embed(torch.zeros(batch, 1, dtype=torch.long))
        x = torch.cat([bos, video.to(bos.dtype), *(embed(ids) for ids in segments)], dim=1)
        number = [torch.zeros(seen, dtype=torch.long)]
        positions = [torch.arange(seen)]
        for i, ids in enumerate(segments):
            number.append(torch.full((ids.shape[1],), i + 1))
            positions.append(torch.arange(seen, seen + ids.shape[1]))
        of, at = torch.cat(number), torch.cat(positions)
        sees = ((of[None] == 0) | (of[None] == of[:, None])) & (at[None] <= at[:, None])
        mask = torch.zeros(sees.shape).masked_fill(~sees, float("-inf"))

        def mix(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            return (queries @ keys.transpose(-1, -2) + mask.to(queries.dtype)).softmax(-1) @ values

        rotary = Positions(text, at, extension.base(text))
        for layer in self.language.model.layers:
            x = layer(x, rotary, mix, extension.logit_factor)
        return self.language.model.norm(x)
