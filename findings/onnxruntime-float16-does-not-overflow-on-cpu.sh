#!/bin/sh
# onnxruntime-node 1.30.0, Node 20, x64: on the CPU a float16 model does not overflow where float16 does.
#
# Kernels without a float16 form are run in float32 between casts, and the casts between neighbours are taken out, also
# with graphOptimizationLevel "disabled". So a float16 value that only other such nodes read is never rounded to float16:
# the square of 300 goes on as 90000 though the tensor's type cannot hold it. A graph output of the very same tensor
# shows Infinity, while what is computed from it stays finite. A norm whose squares overflow therefore looks healthy on
# the CPU and gives zeros or NaN on a GPU: float16 exports must be checked for range with float32 values, not by running.
#
# Prints x / sqrt(mean(x * x)) of x = 300 300 in float16, and the squares, asked for as an output.
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

const FLOAT = 1;
const FLOAT16 = 10;
const dims = [1, 2];
const value = (name, elemType) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType, shape: { dim: [{ value: { case: 'dimValue', value: 1n } }, { value: { case: 'dimParam', value: 'n' } }] } } } },
  });
const cast = (from, to, type) => ({
  opType: 'Cast',
  input: [from],
  output: [to],
  attribute: [create(onnx.AttributeProtoSchema, { name: 'to', type: 2, i: BigInt(type) })],
});
const axes = create(onnx.TensorProtoSchema, {
  name: 'axes',
  dataType: 7,
  dims: [1n],
  rawData: new Uint8Array(BigInt64Array.of(-1n).buffer),
});
async function norm(graphOptimizationLevel, isWatched) {
  const model = create(onnx.ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 21n }],
    graph: {
      name: 'g',
      input: [value('x', FLOAT)],
      output: [value('y', FLOAT), ...(isWatched ? [value('squares', FLOAT16)] : [])],
      initializer: [axes],
      node: [
        cast('x', 'half', FLOAT16),
        { opType: 'Mul', input: ['half', 'half'], output: ['squares'] },
        { opType: 'ReduceMean', input: ['squares', 'axes'], output: ['mean'] },
        { opType: 'Sqrt', input: ['mean'], output: ['length'] },
        { opType: 'Div', input: ['half', 'length'], output: ['normed'] },
        cast('normed', 'y', FLOAT),
      ],
    },
  });
  const session = await InferenceSession.create(toBinary(onnx.ModelProtoSchema, model), { graphOptimizationLevel });
  const { y, squares } = await session.run({ x: new Tensor('float32', Float32Array.of(300, 300), dims) });
  const bits = squares ? `, squares ${Array.from(squares.data, (n) => (n === 0x7c00 ? 'Infinity' : n)).join(' ')}` : '';
  console.log(`${graphOptimizationLevel}: ${y.data.join(' ')}${bits}`);
}
for (const level of ['disabled', 'all']) for (const isWatched of [false, true]) await norm(level, isWatched);
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
disabled: 1 1
disabled: 1 1, squares Infinity Infinity
all: 1 1
all: 1 1, squares Infinity Infinity
EOF
diff expected.txt got.txt
