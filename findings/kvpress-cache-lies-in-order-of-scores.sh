#!/bin/sh
# kvpress 0.5.5: a compressed cache lies in the order of the scores, so a second press takes the wrong tokens for the first.
#
# Attention does not mind the order of keys, but presses that go by place do: StreamingLLM keeps what lies first in the
# cache and drops what lies behind it (the n_sink of other presses likewise). After a press the cache holds tokens as topk
# returned them. So StreamingLLMPress in a DecodingPress, where it is used again and again, keeps the right tokens once;
# the next time its "sinks" are two tokens from the middle, recent tokens go, and at last the first token of the text,
# the attention sink that it is there to keep. After KnormPress in a ComposedPress it drops the smallest keys that Knorm
# has kept, and of what is kept neither the first nor the last is. Nothing is raised, and a test of one compression
# passes. Kept indices must be sorted before they are gathered.
#
# Prints which places in the text are kept (they are read from the values; keys grow from place 8 in both directions).
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install kvpress==0.5.5 torch==2.15.0 transformers==5.2.0
cat > run.py <<'EOF'
from types import SimpleNamespace

import torch
from kvpress import DecodingPress, KnormPress, StreamingLLMPress

layer = SimpleNamespace(head_dim=1, layer_idx=0)


def places(first, count):
    return torch.arange(first, first + count, dtype=torch.float32).reshape(1, 1, -1, 1)


def compressed(press, values):
    keys = 1 + (values - 8).abs()
    return press.compress(layer, None, keys, values, None, {})[1]


def shown(name, values):
    print(f"{name}: {' '.join(str(x) for x in sorted(values.flatten().int().tolist()))}")


press = DecodingPress(StreamingLLMPress(n_sink=2), target_size=8)
cache = places(0, 12)
for seen in (12, 16, 20):
    cache = compressed(press, cache)
    shown(f"StreamingLLM, 2 sinks, 8 of {seen} tokens", cache)
    cache = torch.cat([cache, places(seen, 4)], dim=2)
cache = compressed(KnormPress(0.5), places(0, 16))
shown("Knorm, 8 of 16", cache)
shown("then StreamingLLM, 2 sinks, 4 of these", compressed(StreamingLLMPress(0.5, n_sink=2), cache))
EOF
venv/bin/python run.py 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
StreamingLLM, 2 sinks, 8 of 12 tokens: 0 1 6 7 8 9 10 11
StreamingLLM, 2 sinks, 8 of 16 tokens: 0 1 6 11 12 13 14 15
StreamingLLM, 2 sinks, 8 of 20 tokens: 1 6 11 15 16 17 18 19
Knorm, 8 of 16: 5 6 7 8 9 10 11 12
then StreamingLLM, 2 sinks, 4 of these: 8 9 11 12
EOF
diff expected.txt got.txt
