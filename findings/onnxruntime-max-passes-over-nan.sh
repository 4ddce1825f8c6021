#!/bin/sh
# onnxruntime-node 1.30.0, Node 20: ReduceMax and ReduceMin see a NaN only where it comes first, MaxPool not even there.
#
# NumPy, PyTorch and the elementwise Max of the same library answer NaN for anything that holds one. ReduceMax and
# ReduceMin begin with the first number and compare: a NaN there wins over everything, a NaN anywhere else is passed
# over. MaxPool passes over NaN wherever it stands; nothing but NaN is NaN when the window is the whole axis, and the
# lowest float32 in a window that moves. ReduceSum and AveragePool give NaN. So eviction scores by the largest attention
# of a column, or smoothed by a pool as SnapKV's, hide broken rows or not, by where these stand, and a check of the
# scores finds nothing.
#
# Prints what becomes of 1 2 3 with a NaN in front, and behind the 1.
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

const value = (name, dims) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: 1, ...(dims && { shape: { dim: dims.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } })) } }) },
      },
    },
  });
const ints = (name, ...of) => create(onnx.AttributeProtoSchema, { name, type: 7, ints: of.map(BigInt) });
const zeros = create(onnx.TensorProtoSchema, {
  name: 'zeros',
  dataType: 1,
  dims: [4n],
  rawData: new Uint8Array(new Float32Array(4).buffer),
});
const axes = create(onnx.TensorProtoSchema, {
  name: 'axes',
  dataType: 7,
  dims: [1n],
  rawData: new Uint8Array(BigInt64Array.of(-1n).buffer),
});
async function run(opType, numbers, node) {
  const dims = [1, 1, numbers.length];
  const model = create(onnx.ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 21n }],
    graph: {
      name: 'g',
      input: [value('x', dims)],
      output: [value('y', null)],
      initializer: [axes, zeros],
      node: [{ opType, output: ['y'], ...node }],
    },
  });
  const session = await InferenceSession.create(toBinary(onnx.ModelProtoSchema, model), { logSeverityLevel: 3 });
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.from(numbers), dims) });
  return Array.from(y.data, (n) => (n < -1e38 ? 'the lowest float' : n)).join(' ');
}
const reduce = { input: ['x', 'axes'] };
const pool = { input: ['x'], attribute: [ints('kernel_shape', 4)] };
const N = Number.NaN;
for (const [where, numbers] of [
  ['NaN first', [N, 1, 2, 3]],
  ['NaN second', [1, N, 2, 3]],
  ['NaN only', [N, N, N, N]],
]) {
  console.log(where);
  for (const opType of ['ReduceMax', 'ReduceMin', 'ReduceSum']) console.log(`  ${opType}: ${await run(opType, numbers, reduce)}`);
  for (const opType of ['MaxPool', 'AveragePool']) console.log(`  ${opType}: ${await run(opType, numbers, pool)}`);
  console.log(`  Max with zeros: ${await run('Max', numbers, { input: ['x', 'zeros'] })}`);
}
const three = { input: ['x'], attribute: [ints('kernel_shape', 3), ints('pads', 1, 1), ints('strides', 1)] };
console.log(`MaxPool of 3 over 1 2 NaN NaN NaN 4 5: ${await run('MaxPool', [1, 2, N, N, N, 4, 5], three)}`);
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
NaN first
  ReduceMax: NaN
  ReduceMin: NaN
  ReduceSum: NaN
  MaxPool: 3
  AveragePool: NaN
  Max with zeros: NaN 1 2 3
NaN second
  ReduceMax: 2
  ReduceMin: 1
  ReduceSum: NaN
  MaxPool: 3
  AveragePool: NaN
  Max with zeros: 1 NaN 2 3
NaN only
  ReduceMax: NaN
  ReduceMin: NaN
  ReduceSum: NaN
  MaxPool: NaN
  AveragePool: NaN
  Max with zeros: NaN NaN NaN NaN
MaxPool of 3 over 1 2 NaN NaN NaN 4 5: 2 2 2 the lowest float 4 5 5
EOF
diff expected.txt got.txt
