#!/bin/sh
# onnxruntime-node 1.30.0, Node 20: reducing the last axis of a tensor that has no rows does not reduce it.
#
# ONNX says that ReduceSum of [0,4,32] over the last axis is [0,4]. It comes back as [0,4,32], the shape of the input,
# with and without keepdims, and so do ReduceMean, ReduceMax and ReduceL2; only a warning on stderr says so. Whatever
# reads the result next fails, or takes the wrong rank without a word: a graph that is given no tokens in one of its
# passes (a chunk whose logits nobody wants) must not reduce so. A product with a column of ones gives the right shape.
#
# Prints the shapes for two rows and for none; the last lines below are what this script insists on.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnx-buf@1.20.0-1 @bufbuild/protobuf@2.17.0 >/dev/null
cat > run.mjs <<'EOF'
import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const dim = (n) =>
  typeof n === 'string'
    ? { value: { case: 'dimParam', value: n } }
    : { value: { case: 'dimValue', value: BigInt(n) } };
const value = (name, dims) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: 1, ...(dims && { shape: { dim: dims.map(dim) } }) } } },
  });
const got = [];
for (const opType of ['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceL2']) {
  for (const keepdims of [0, 1]) {
    for (const rows of [2, 0]) {
      const model = create(onnx.ModelProtoSchema, {
        irVersion: 10n,
        opsetImport: [{ domain: '', version: 21n }],
        graph: {
          name: 'g',
          input: [value('x', ['rows', 4, 32])],
          output: [value('y', null)],
          initializer: [
            create(onnx.TensorProtoSchema, {
              name: 'axes',
              dataType: 7,
              dims: [1n],
              rawData: new Uint8Array(BigInt64Array.of(-1n).buffer),
            }),
          ],
          node: [
            {
              opType,
              input: ['x', 'axes'],
              output: ['y'],
              attribute: [create(onnx.AttributeProtoSchema, { name: 'keepdims', type: 2, i: BigInt(keepdims) })],
            },
          ],
        },
      });
      const session = await InferenceSession.create(toBinary(onnx.ModelProtoSchema, model));
      const x = new Tensor('float32', new Float32Array(rows * 128), [rows, 4, 32]);
      const said = await session.run({ x }).then(
        ({ y }) => `[${y.dims}]`,
        (error) => `error: ${error.message.slice(0, 60)}`,
      );
      got.push(`${opType} of [${rows},4,32] keepdims ${keepdims}: ${said}`);
    }
  }
}
console.log(got.join('\n'));
EOF
node run.mjs 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
ReduceSum of [2,4,32] keepdims 0: [2,4]
ReduceSum of [0,4,32] keepdims 0: [0,4,32]
ReduceSum of [2,4,32] keepdims 1: [2,4,1]
ReduceSum of [0,4,32] keepdims 1: [0,4,32]
ReduceMean of [2,4,32] keepdims 0: [2,4]
ReduceMean of [0,4,32] keepdims 0: [0,4,32]
ReduceMean of [2,4,32] keepdims 1: [2,4,1]
ReduceMean of [0,4,32] keepdims 1: [0,4,32]
ReduceMax of [2,4,32] keepdims 0: [2,4]
ReduceMax of [0,4,32] keepdims 0: [0,4,32]
ReduceMax of [2,4,32] keepdims 1: [2,4,1]
ReduceMax of [0,4,32] keepdims 1: [0,4,32]
ReduceL2 of [2,4,32] keepdims 0: [2,4]
ReduceL2 of [0,4,32] keepdims 0: [0,4,32]
ReduceL2 of [2,4,32] keepdims 1: [2,4,1]
ReduceL2 of [0,4,32] keepdims 1: [0,4,32]
EOF
diff expected.txt got.txt
