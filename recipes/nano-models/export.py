"""Writes a checkpoint as a model folder in the hub's layout, and checks it against transformers."""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from evaluate import load

BOS, EOS = "<s>", "</s>"


def write_json(file: Path, value: dict) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with tokenizer.json")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model, length = load(options.checkpoint)
    options.out.mkdir(parents=True, exist_ok=True)

    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, options.out / "model.safetensors", metadata={"format": "pt"})
    write_json(options.out / "config.json", model.config.hub(length))
    write_json(options.out / "generation_config.json", {"bos_token_id": 0, "eos_token_id": 1, "do_sample": False})
    write_json(
        options.out / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": BOS,
            "eos_token": EOS,
            "add_bos_token": True,
            "clean_up_tokenization_spaces": False,
            "model_max_length": length,
        },
    )
    write_json(options.out / "special_tokens_map.json", {"bos_token": BOS, "eos_token": EOS})
    shutil.copyfile(options.data / "tokenizer.json", options.out / "tokenizer.json")

    from transformers import AutoModelForCausalLM, AutoTokenizer

    hub_model = AutoModelForCausalLM.from_pretrained(options.out, dtype=torch.float32).eval()
    hub_tokenizer = AutoTokenizer.from_pretrained(options.out)
    text = " Key amber holds river falcon. It was late.\nQ: Key amber holds"
    ids = hub_tokenizer(text, return_tensors="pt").input_ids
    own = Tokenizer.from_file(str(options.data / "tokenizer.json")).encode(text).ids
    if ids[0].tolist() != own or own[0] != 0:
        raise SystemExit("the tokenizer that transformers loads gives other ids")
    with torch.inference_mode():
        difference = (hub_model(ids).logits - model.lm_head(model.hidden(ids))).abs().max().item()
        written = hub_model.generate(ids, max_new_tokens=3, do_sample=False)[0, ids.shape[1] :]
    print(f"largest difference from transformers: {difference:.2e}; it writes: {hub_tokenizer.decode(written)!r}")
    if not difference < 1e-4:
        raise SystemExit("the exported model differs")


if __name__ == "__main__":
    main()
