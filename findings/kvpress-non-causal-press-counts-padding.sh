#!/bin/sh
# kvpress 0.5.5: the scores of NonCausalAttnPress (half of CompactorPress) depend on padding in the last chunk.
#
# The text is filled up with zeros to a whole number of chunks of 256. Padded keys are then masked with -1e-9, which is
# no mask but the logit 0, and the rows of padded queries are set to 0 and summed with all others. So in the last chunk
# padded keys take part of each query's attention, and every padded query adds 1/256 to every key. With whole chunks a
# key's score is a sum over the chunk's queries, and the sums of a chunk add up to its length; in the last chunk they do
# not. A text of 257 tokens judges its newest token by 255 queries that are not there: whatever its query and key, it
# gets 0.996 from them, where its own attention to itself is 1. Scores of the newest chunk are thus pressed together, and
# change when padding does.
#
# Prints, for chunks of 4: the column sums of 4 tokens, which add up to 4; those of 5, whose last should be 1 whatever
# its query (it is the only token of its chunk); and those of 8, where all is whole again.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install kvpress==0.5.5 torch==2.15.0 transformers==5.2.0
cat > run.py <<'EOF'
from importlib.metadata import version

import torch
from kvpress import NonCausalAttnPress

print("kvpress", version("kvpress"))


def sums(queries, keys):
    shape = (1, 1, len(queries), 1)
    q, k = (torch.tensor(x, dtype=torch.float32).reshape(shape) for x in (queries, keys))
    found = NonCausalAttnPress.non_causal_chunked_attn(q, k, 4).flatten()
    return [round(float(x), 3) for x in found]


ones = [1.0] * 4
print("4 tokens:", sums(ones, ones))
for key in (2.0, 0.0, -2.0):
    print(f"5 tokens, product of the last with itself {2 * key:+.0f}:", sums(ones + [2.0], ones + [key])[4])
print("8 tokens:", sums(ones + ones, ones + ones))
EOF
venv/bin/python run.py 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
kvpress 0.5.5
4 tokens: [1.0, 1.0, 1.0, 1.0]
5 tokens, product of the last with itself +4: 1.698
5 tokens, product of the last with itself +0: 1.0
5 tokens, product of the last with itself -4: 0.756
8 tokens: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
EOF
diff expected.txt got.txt
