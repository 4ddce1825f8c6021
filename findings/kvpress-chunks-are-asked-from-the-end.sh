#!/bin/sh
# kvpress 0.5.5: in ChunkPress, a press that looks at queries asks for each chunk from the end of the whole text.
#
# ChunkPress promises that each chunk is judged by itself. SnapKV and its kin recompute the queries of a chunk's last
# tokens and rotate them by their positions, but what they are handed are the positions of the whole text, of which they
# take the last. So the queries of the first chunk of a long text ask from the far end for keys that stand beside them:
# with the attention of distance alone, as here, where all tokens are the same, a chunk of 64 keeps the eight tokens before
# its window; as soon as another chunk follows it keeps others, and others again with every further one. Only the last
# chunk is right. Nothing is raised, and norms (Knorm, KeyDiff) are not concerned. Scores of "chunked SnapKV" depend on
# the length of what comes after.
#
# Prints which 8 of the first chunk's 56 tokens before its window are judged the best, for texts of several lengths.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install kvpress==0.5.5 torch==2.15.0 transformers==5.2.0
cat > run.py <<'EOF'
import torch
from kvpress import ChunkPress, SnapKVPress
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

WIDTH, WINDOW, TOP = 32, 8, 8
sizes = dict(hidden_size=WIDTH, head_dim=WIDTH, intermediate_size=8, vocab_size=8)
counts = dict(num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1)
model = LlamaForCausalLM(LlamaConfig(**sizes, **counts)).eval()
attention = model.model.layers[0].self_attn
with torch.no_grad():
    model.model.embed_tokens.weight.fill_(1.0)
    for projection in (attention.q_proj, attention.k_proj):
        projection.weight.copy_(1.5 * torch.eye(WIDTH))


class Told(SnapKVPress):
    def score(self, *args, **kwargs):
        scores = super().score(*args, **kwargs)
        seen.append(scores[0, 0])
        return scores


snap = Told(0.5, window_size=WINDOW)
chunks = ChunkPress(snap, chunk_length=64)
for press, tokens in [(snap, 64), (chunks, 64), (chunks, 128), (chunks, 256), (chunks, 512), (chunks, 1024)]:
    seen = []
    with torch.no_grad(), press(model):
        model.model(torch.zeros(1, tokens, dtype=torch.long), past_key_values=DynamicCache())
    best = sorted(seen[0][:-WINDOW].topk(TOP).indices.tolist())
    print(f"{'ChunkPress of ' * (press is chunks)}SnapKVPress, text of {tokens}: {' '.join(map(str, best))}")
EOF
venv/bin/python run.py 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
SnapKVPress, text of 64: 48 49 50 51 52 53 54 55
ChunkPress of SnapKVPress, text of 64: 48 49 50 51 52 53 54 55
ChunkPress of SnapKVPress, text of 128: 21 22 23 24 45 46 47 48
ChunkPress of SnapKVPress, text of 256: 37 38 48 49 50 51 52 53
ChunkPress of SnapKVPress, text of 512: 46 47 48 49 50 51 52 53
ChunkPress of SnapKVPress, text of 1024: 22 23 24 25 26 27 28 29
EOF
diff expected.txt got.txt
