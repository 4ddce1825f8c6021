#!/bin/sh
# kvpress 0.5.5: BlockPress shows a press hidden states that are pieced together from several tokens.
#
# BlockPress goes through a text in blocks and lets another press choose between what each head has kept and the next
# block. Heads keep different tokens, but a token has one hidden state for all of them. So the state is cut into as many
# pieces as there are key heads, piece 1 of each row is taken from the token that head 1 has kept, piece 2 from head 2's,
# and the pieces are put together again: a vector of no token, which the press then multiplies by its whole projections.
# In the first step all is right, from the second on most rows are such mixtures. Presses that look at keys alone (KeyDiff,
# for which BlockPress was written, Knorm) are not concerned; those that recompute keys from the hidden states or take
# statistics of queries over them (Leverage, ExpectedAttention) are. With a single key head all is right.
#
# Prints, per step, how many of the 40 rows that a press is shown are no token's hidden state, with one and two key heads.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install kvpress==0.5.5 torch==2.15.0 transformers==5.2.0
cat > run.py <<'EOF'
import torch
from kvpress import BlockPress, ExpectedAttentionPress
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

TOKENS = 64


class Shown(ExpectedAttentionPress):
    def score(self, module, hidden_states, *args):
        steps.append(hidden_states[0])
        return super().score(module, hidden_states, *args)


for key_heads in (1, 2):
    torch.manual_seed(1)
    sizes = dict(hidden_size=64, intermediate_size=64, vocab_size=97)
    counts = dict(num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=key_heads)
    model = LlamaForCausalLM(LlamaConfig(**sizes, **counts)).eval()
    steps, whole = [], []
    attention = model.model.layers[0].self_attn
    attention.register_forward_pre_hook(lambda _, args, kwargs: whole.append(kwargs["hidden_states"][0]), with_kwargs=True)
    with torch.no_grad(), BlockPress(Shown(0.5), block_size=8)(model):
        model.model(torch.arange(TOKENS)[None], past_key_values=DynamicCache())
    mixed = [int((~(rows[:, None] == whole[0][None]).all(-1).any(-1)).sum()) for rows in steps]
    print(f"{key_heads} key head(s), rows of no token in steps of {len(steps[0])}: {' '.join(map(str, mixed))}")
EOF
venv/bin/python run.py 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
1 key head(s), rows of no token in steps of 40: 0 0 0 0
2 key head(s), rows of no token in steps of 40: 0 27 28 27
EOF
diff expected.txt got.txt
