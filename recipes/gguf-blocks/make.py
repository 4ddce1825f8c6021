"""Records what the gguf package makes of blocks of each type, and a file of its writer, for the tests of @namm/tensors."""

import base64
import json
from pathlib import Path

import numpy as np
from gguf import GGUFWriter
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

target = Path(__file__).parent / "../../packages/tensors/src/gguf/__fixtures__"
blocks = 6
halves = {  # where the half-precision scales of a block stand
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "IQ4_NL": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}


def text(array):
    return base64.b64encode(array.tobytes()).decode()


def random_blocks(name, random):
    size = GGML_QUANT_SIZES[Type[name]][1]
    data = random.integers(0, 256, (blocks, size), dtype=np.uint8)
    for at in halves[name]:
        scales = (random.normal(size=blocks) * 10.0 ** random.integers(-4, 2, blocks)).astype(np.float16)
        data[:, at : at + 2] = scales.view(np.uint8).reshape(blocks, 2)
    return data


def record():
    random = np.random.default_rng(18)
    recorded = {}
    for name in halves:
        data = random_blocks(name, random)
        recorded[name] = {"bytes": text(data), "numbers": text(dequantize(data, Type[name]).astype(np.float32))}
    for name in ["F16", "BF16"]:
        data = quantize(random.normal(size=64).astype(np.float32), Type[name])
        numbers = dequantize(data, Type[name]).astype(np.float32)
        recorded[name] = {"bytes": text(data), "numbers": text(numbers)}
    (target / "blocks.json").write_text(json.dumps(recorded, indent=1) + "\n")


def write():
    writer = GGUFWriter(target / "written.gguf", "llama")
    writer.add_block_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    writer.add_token_list(["a", "é", "▁the"])
    writer.add_token_scores([0.0, -1.5, -2.0])
    writer.add_int64("test.negative", -(2**40))
    writer.add_uint64("test.huge", 2**63)
    writer.add_array("test.nested", [[1, 2], [3]])
    random = np.random.default_rng(3)
    writer.add_tensor("output_norm.weight", random.normal(size=5).astype(np.float32))
    writer.add_tensor("blk.0.ffn_up.weight", random.normal(size=(3, 4)).astype(np.float16))
    matrix = random.normal(size=(2, 64)).astype(np.float32)
    writer.add_tensor("token_embd.weight", quantize(matrix, Type.Q8_0), raw_dtype=Type.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


target.mkdir(exist_ok=True)
record()
write()
