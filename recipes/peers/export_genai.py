"""Exports a Hugging Face folder with onnxruntime-genai's builder, in the layout of transformers.js."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast


def give_tokenizer(folder: Path) -> None:
    """The builder wants a tokenizer, though the graph has nothing of it."""
    words = Tokenizer(models.WordLevel({"<unk>": 0, "<s>": 1, "</s>": 2}, unk_token="<unk>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, bos_token="<s>", eos_token="</s>")
    tokenizer.save_pretrained(folder)


def run_builder(source: Path, out: Path) -> None:
    options = ["-i", source, "-o", out, "-p", "fp32", "-e", "cpu"]
    # Logits of the last token only, as transformers.js needs them.
    extra = ["--extra_options", "prune_lm_head=true"]
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", *options, *extra]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def pin_head_size(path: Path, head_size: int) -> None:
    """The builder leaves the last size of the cache symbolic, and transformers.js takes that for 0."""
    model = onnx.load(path, load_external_data=False)
    for value in [*model.graph.input, *model.graph.output]:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param == "kv_cache_dim":
                dimension.dim_value = head_size
    onnx.save(model, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder with config.json and weights")
    parser.add_argument("--out", type=Path, required=True, help="folder for transformers.js")
    arguments = parser.parse_args()
    config = json.loads((arguments.model / "config.json").read_text())
    onnx_folder = arguments.out / "onnx"
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary)
        for path in arguments.model.iterdir():
            (source / path.name).symlink_to(path.resolve())
        if not (source / "tokenizer.json").exists():
            give_tokenizer(source)
        run_builder(source, onnx_folder)
    head_size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    pin_head_size(onnx_folder / "model.onnx", head_size)
    shutil.copy(arguments.model / "config.json", arguments.out / "config.json")


main()
