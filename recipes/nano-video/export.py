"""Writes a checkpoint as a folder in the hub's layout of LLaVA-NeXT-Video, and checks it against transformers."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from model import DEVIATION, MEAN, Config, NanoVideo
from train import Data

BOS, EOS, VIDEO, IMAGE = "<s>", "</s>", "<video>", "<image>"
# What stands around frames and question, as clips.py writes it.
TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'video' %}<video>{% else %} {{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %}{{ '\\n' }}"
)


def load(checkpoint: Path) -> tuple[NanoVideo, dict]:
    state = torch.load(checkpoint, weights_only=False)
    model = NanoVideo(Config.of(state["config"]))
    model.load_state_dict(state["model"])
    return model.eval(), state


def tensors_of(model: NanoVideo) -> dict[str, torch.Tensor]:
    config = model.config
    tensors = {"image_newline": torch.zeros(config.text.width)}
    for name, tensor in model.state_dict().items():
        part, rest = name.split(".", 1)
        if part == "projector":
            tensors[f"multi_modal_projector.{rest}"] = tensor
        elif part == "language":
            tensors[f"language_model.{rest}"] = tensor
        elif rest.startswith("layers."):
            tensors[f"vision_tower.encoder.{rest}"] = tensor
        elif rest.startswith("pre_layrnorm"):
            tensors[f"vision_tower.{rest}"] = tensor
        elif rest == "patch_embedding.weight":
            shape = (config.width, 3, config.patch, config.patch)
            tensors[f"vision_tower.embeddings.{rest}"] = tensor.reshape(shape)
        else:
            ending = "" if rest == "class_embedding" else ".weight"
            tensors[f"vision_tower.embeddings.{rest}{ending}"] = tensor
    # Not used, since features come from before it.
    tensors["vision_tower.post_layernorm.weight"] = torch.ones(config.width)
    tensors["vision_tower.post_layernorm.bias"] = torch.zeros(config.width)
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def config_of(config: Config, tokenizer: Tokenizer, positions: int) -> dict:
    text = config.text.hub(positions)
    del text["architectures"]
    return {
        "architectures": ["LlavaNextVideoForConditionalGeneration"],
        "model_type": "llava_next_video",
        "image_grid_pinpoints": [[config.image, config.image]],
        "image_seq_length": (config.image // config.patch) ** 2,
        "image_token_index": tokenizer.token_to_id(IMAGE),
        "video_token_index": tokenizer.token_to_id(VIDEO),
        "video_seq_length": config.rows,
        "multimodal_projector_bias": True,
        "projector_hidden_act": "gelu",
        "spatial_pool_mode": "average",
        "spatial_pool_stride": config.stride,
        "text_config": text,
        "tie_word_embeddings": False,
        "vision_config": {
            "model_type": "clip_vision_model",
            "hidden_act": "quick_gelu",
            "hidden_size": config.width,
            "image_size": config.image,
            "intermediate_size": config.inner,
            "layer_norm_eps": 1e-5,
            "num_attention_heads": config.heads,
            "num_channels": 3,
            "num_hidden_layers": config.layers,
            "patch_size": config.patch,
            "projection_dim": config.width,
        },
        "vision_feature_layer": -1,
        "vision_feature_select_strategy": "default",
        "torch_dtype": "float32",
    }


def processor_of(config: Config) -> dict:
    pixels = {
        "crop_size": {"height": config.image, "width": config.image},
        "do_center_crop": True,
        "do_convert_rgb": True,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [MEAN] * 3,
        "image_std": [DEVIATION] * 3,
        "resample": 3,
        "rescale_factor": 1 / 255,
        "size": {"shortest_edge": config.image},
    }
    return {
        "image_processor": {
            **pixels,
            "image_grid_pinpoints": [[config.image, config.image]],
            "image_processor_type": "LlavaNextImageProcessor",
        },
        "image_token": IMAGE,
        "num_additional_image_tokens": 1,
        "patch_size": config.patch,
        "processor_class": "LlavaNextVideoProcessor",
        "video_processor": {
            **pixels,
            "do_sample_frames": False,
            "video_processor_type": "LlavaNextVideoVideoProcessor",
        },
        "video_token": VIDEO,
        "vision_feature_select_strategy": "default",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with tokenizer.json and the clips")
    parser.add_argument("--positions", type=int, default=128, help="that the model was trained for")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, _ = load(options.checkpoint)
    tokenizer = Tokenizer.from_file(str(options.data / "tokenizer.json"))
    options.out.mkdir(parents=True, exist_ok=True)

    def write(name: str, value: dict) -> None:
        (options.out / name).write_text(json.dumps(value, indent=2) + "\n")

    save_file(tensors_of(model), options.out / "model.safetensors", metadata={"format": "pt"})
    write("config.json", config_of(model.config, tokenizer, options.positions))
    write("processor_config.json", processor_of(model.config))
    write("generation_config.json", {"bos_token_id": 0, "eos_token_id": 1, "do_sample": False})
    special = {"bos_token": BOS, "eos_token": EOS, "pad_token": EOS}
    write(
        "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "processor_class": "LlavaNextVideoProcessor",
            **special,
            "clean_up_tokenization_spaces": False,
            "model_max_length": options.positions,
        },
    )
    (options.out / "chat_template.jinja").write_text(TEMPLATE)
    shutil.copyfile(options.data / "tokenizer.json", options.out / "tokenizer.json")

    from transformers import LlavaNextVideoForConditionalGeneration

    hub = LlavaNextVideoForConditionalGeneration.from_pretrained(options.out, dtype=torch.float32).eval()
    data = Data(options.data, 12, tokenizer, "development")
    frames = data.noisy(data.clips.pictures[0], np.random.default_rng(1))
    video = tokenizer.token_to_id(VIDEO)
    text = tokenizer.encode(" What came?\n", add_special_tokens=False).ids
    ids = torch.tensor([[0, *[video] * (model.config.rows * len(frames)), *text]])
    with torch.inference_mode():
        pixels = model.pixels(frames)
        theirs = hub(input_ids=ids, pixel_values_videos=pixels[None]).logits[0, -len(text) :]
        hidden = model.hidden(model.rows(frames).flatten(0, 1)[None], [torch.tensor([text])])
        ours = model.language.lm_head(hidden)[0, -len(text) :]
        written = hub.generate(
            input_ids=ids, pixel_values_videos=pixels[None], max_new_tokens=24, do_sample=False
        )[0, ids.shape[1] :]
    difference = (theirs - ours).abs().max().item()
    wanted = " ".join(json.loads((options.data / "development-12.jsonl").open().readline())["questions"][0]["answer"])
    print(f"largest difference from transformers: {difference:.2e}; it writes {tokenizer.decode(written.tolist())!r}, right is {wanted!r}")
    if not difference < 1e-3:
        raise SystemExit("the exported model differs")


if __name__ == "__main__":
    main()
