"""Prompts under the presses of kvpress: what `measure presses` compares with.

Reads requests from standard input, one line of JSON each, and answers each with one line of JSON.
"""

import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before torch is loaded

import contextlib
import importlib.metadata
import logging
import tempfile
import time

import torch
import transformers
from kvpress import KeyDiffPress, KVzipPress, SnapKVPress
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, DynamicCache, PreTrainedTokenizerFast

torch.set_num_threads(1)
logging.disable(logging.WARNING)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
presses = {"snapkv": SnapKVPress, "keydiff": KeyDiffPress, "kvzip": KVzipPress}


def load(folder: str, work: str):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    if not os.path.exists(os.path.join(folder, "tokenizer.json")):
        # KVzip encodes its request to repeat; a model of random weights does not care how
        words = {str(id): id for id in range(64)}
        tokenizer = Tokenizer(models.WordLevel(words, unk_token="0"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="0").save_pretrained(work)
        model.config.name_or_path = work
    return model


@torch.no_grad()
def answer(model, press: str | None, share: float, context: list[int], question: list[int], count: int):
    """As the pipeline of kvpress does it, with answers of one length."""
    start = time.process_time()
    cache = DynamicCache()
    hooks = contextlib.nullcontext() if press is None else presses[press](compression_ratio=1 - share)(model)
    with hooks:
        model.model(input_ids=torch.tensor([context]), past_key_values=cache)
    read = time.process_time()
    ids, position, tokens = question, len(context), []
    while len(tokens) < count:
        positions = torch.arange(position, position + len(ids))[None]
        output = model(
            input_ids=torch.tensor([ids]), past_key_values=cache, position_ids=positions, logits_to_keep=1
        )
        position += len(ids)
        ids = [output.logits[0, -1].argmax().item()]
        tokens += ids
    return {"read": read - start, "answer": time.process_time() - read, "tokens": tokens}


with tempfile.TemporaryDirectory() as work:
    model = None
    for line in sys.stdin:
        request = json.loads(line)
        kind = request.pop("kind")
        if kind == "load":
            model = load(request["folder"], work)
            version = importlib.metadata.version
            reply = {"name": f"kvpress {version('kvpress')}, torch {torch.__version__}, transformers {version('transformers')}"}
        else:
            reply = answer(model, **request)
        print(json.dumps(reply), flush=True)
