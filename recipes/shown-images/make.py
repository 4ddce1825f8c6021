"""Two tiny random models that look at images in tiles, and what transformers computes of some images."""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaNextVideoConfig,
    LlavaNextVideoForConditionalGeneration,
    LlavaNextVideoProcessor,
    PreTrainedTokenizerFast,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMProcessor,
)
from transformers.models.llava_next.image_processing_llava_next import LlavaNextImageProcessor
from transformers.models.llava_next_video.video_processing_llava_next_video import LlavaNextVideoVideoProcessor
from transformers.models.smolvlm.configuration_smolvlm import SmolVLMVisionConfig
from transformers.models.smolvlm.image_processing_smolvlm import SmolVLMImageProcessor
from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor

TILE, PATCH, HIDDEN = 16, 4, 16
GRID = [[16, 32], [32, 16], [32, 32], [48, 16], [16, 48]]
# Height and width: tall, wide, square, larger than every resolution, smaller than a tile, extreme, and a tie of resolutions.
SIZES = [[20, 12], [12, 40], [33, 31], [70, 61], [5, 3], [64, 9], [8, 96], [16, 16]]
SETS = [[i] for i in range(len(SIZES))] + [[0, 1], [4, 2, 5]]
ROWS = 4  # of tiles that SmolVLM cuts an image into, at most

LLAVA_TEMPLATE = (
    "{% for m in messages %}USER: {% for c in m['content'] %}{% if c['type'] == 'image' %}<image>\n"
    "{% elif c['type'] == 'video' %}<video>\n{% else %}{{ c['text'] }}{% endif %}{% endfor %} ASSISTANT:{% endfor %}"
)
SMOLVLM_TEMPLATE = (
    "<|im_start|>{% for m in messages %}User:{% for c in m['content'] %}{% if c['type'] == 'image' %}<image>"
    "{% elif c['type'] == 'video' %}<video>{% else %}{{ c['text'] }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}Assistant:"
)


def tokenizer(template):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    specials = ["<|pad|>", "<|eos|>", "<|im_start|>", "<end_of_utterance>", "<image>", "<video>"]
    specials += ["<fake_token_around_image>", "<global-img>"]
    specials += [f"<row_{row + 1}_col_{column + 1}>" for row in range(ROWS) for column in range(ROWS)]
    inner.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in specials])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<|eos|>", pad_token="<|pad|>", chat_template=template,
        clean_up_tokenization_spaces=False,
        extra_special_tokens={
            "image_token": "<image>", "video_token": "<video>", "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>",
        },
    )


def text_config(vocabulary):
    return LlamaConfig(
        vocab_size=vocabulary, hidden_size=HIDDEN, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=6, max_position_embeddings=2048, rms_norm_eps=1e-5, rope_theta=100.0,
        bos_token_id=None, eos_token_id=257, pad_token_id=256,
    )


def vision_settings():
    return dict(
        hidden_size=HIDDEN, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2, image_size=TILE,
        patch_size=PATCH, layer_norm_eps=1e-5,
    )


def llava():
    words = tokenizer(LLAVA_TEMPLATE)
    config = LlavaNextVideoConfig(
        vision_config=CLIPVisionConfig(**vision_settings()), text_config=text_config(len(words)),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"), image_grid_pinpoints=GRID, image_seq_length=16,
        vision_feature_layer=-2, spatial_pool_stride=2,
    )
    square = dict(size={"shortest_edge": TILE}, crop_size={"height": TILE, "width": TILE})
    processor = LlavaNextVideoProcessor(
        video_processor=LlavaNextVideoVideoProcessor(do_sample_frames=False, **square),
        image_processor=LlavaNextImageProcessor(image_grid_pinpoints=GRID, **square), tokenizer=words,
        chat_template=LLAVA_TEMPLATE, patch_size=PATCH, vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    )
    return LlavaNextVideoForConditionalGeneration(config), processor


def smolvlm():
    words = tokenizer(SMOLVLM_TEMPLATE)
    config = SmolVLMConfig(
        vision_config=SmolVLMVisionConfig(**vision_settings()), text_config=text_config(len(words)),
        image_token_id=words.convert_tokens_to_ids("<image>"), scale_factor=2, pad_token_id=256,
    )
    size = dict(size={"longest_edge": 3 * TILE}, max_image_size={"longest_edge": TILE})
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessor(**size),
        video_processor=SmolVLMVideoProcessor(
            size={"longest_edge": TILE}, max_image_size={"longest_edge": TILE},
            video_sampling={"fps": 1, "max_frames": 8, "video_size": {"longest_edge": TILE}},
        ),
        tokenizer=words, image_seq_len=4, chat_template=SMOLVLM_TEMPLATE,
    )
    return SmolVLMForConditionalGeneration(config), processor


def draw(model, seed):
    """Matrices of a size at which attention is not flat; norms around 1; the rest around 0."""
    random = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=random)
        if weight.ndim > 1:
            weight.copy_(noise * 1.5 / (weight.numel() / weight.shape[0]) ** 0.5)
        else:
            weight.copy_(noise * 0.2 + (1 if "norm" in name and name.endswith("weight") else 0))


def image(index):
    height, width = SIZES[index]
    random = np.random.default_rng(index)
    # Smooth with some noise: what resizing does to noise alone says little.
    y, x = np.mgrid[0:height, 0:width] / 8
    waves = [np.sin(x + channel) * np.cos(y * (channel + 1) / 2) for channel in range(3)]
    return np.clip(128 + 90 * np.stack(waves, -1) + random.normal(0, 12, (height, width, 3)), 0, 255).astype(np.uint8)


@torch.no_grad()
def case(name, model, processor, out, tensors, images):
    content = [{"type": "image"} for _ in images] + [{"type": "text", "text": "What is it?"}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    shown = [torch.from_numpy(image(i)).permute(2, 0, 1) for i in images]
    nested = shown if isinstance(processor, LlavaNextVideoProcessor) else [shown]
    inputs = processor(text=text, images=nested, return_tensors="pt")
    result = model(**inputs, output_hidden_states=True)
    ids = inputs["input_ids"][0]
    rows = result.hidden_states[0][0][ids == model.config.image_token_id]
    greedy = model.generate(**inputs, max_new_tokens=8, do_sample=False)[0, len(ids) :]
    key = f"{name}.{'-'.join(map(str, images))}"
    if len(images) == 1:
        pixels = inputs["pixel_values"][0]
        tensors[f"{key}.pixels"] = pixels.numpy()
    tensors[f"{key}.rows"] = rows.numpy()
    tensors[f"{key}.logits"] = result.logits[0, -1].numpy()
    out.append({"key": key, "images": images, "text": text, "ids": ids.tolist(), "greedy": greedy.tolist()})


def main(folder):
    folder = pathlib.Path(folder)
    tensors = {f"image.{i}": image(i) for i in range(len(SIZES))}
    cases = {}
    for seed, (name, make) in enumerate({"llava": llava, "smolvlm": smolvlm}.items()):
        model, processor = make()
        model.eval()
        with torch.no_grad():
            draw(model, seed + 1)
        model.generation_config.eos_token_id = None
        model.save_pretrained(folder / name)
        processor.save_pretrained(folder / name)
        cases[name] = []
        for images in SETS:
            case(name, model, processor, cases[name], tensors, images)
    save_file(tensors, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps(cases, indent=1))


main(sys.argv[1])
