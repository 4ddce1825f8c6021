#!/bin/sh
# onnxruntime-node 1.30.0, Node 20, x64: Sigmoid of float32 is off by half at -16 and exactly 0 from -18 on.
#
# The kernel computes .5 + a fraction, so below about -10 what is left is the rounding of numbers near .5: sigmoid(-12)
# is .6 % off, sigmoid(-15) 17 %, sigmoid(-16) 47 %, and from -18 on it is 0, where float32 holds 1.5e-8 and would go on
# to 1e-38. Numbers go down in steps, and sigmoid(-17) is above sigmoid(-16). Softplus and Exp of the same library keep
# their tails. So a keep probability, gate or spike probability near 0 loses its order, Log(Sigmoid(x)) is -Infinity for
# a score of -18 (write -Softplus(-x)), and SiLU is 0 there. 1 / (1 + Exp(-x)) in the graph is right.
#
# Prints x, Sigmoid(x) of the library and its relative error, and the error of the form with Exp.
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

const value = (name) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim: [{ value: { case: 'dimParam', value: 'n' } }] } } } },
  });
async function graph(node, initializer = []) {
  const model = create(onnx.ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 21n }],
    graph: { name: 'g', input: [value('x')], output: [value('y')], initializer, node },
  });
  return InferenceSession.create(toBinary(onnx.ModelProtoSchema, model));
}
const one = create(onnx.TensorProtoSchema, {
  name: 'one',
  dataType: 1,
  dims: [],
  rawData: new Uint8Array(Float32Array.of(1).buffer),
});
const forms = [
  await graph([{ opType: 'Sigmoid', input: ['x'], output: ['y'] }]),
  await graph(
    [
      { opType: 'Neg', input: ['x'], output: ['a'] },
      { opType: 'Exp', input: ['a'], output: ['b'] },
      { opType: 'Add', input: ['b', 'one'], output: ['c'] },
      { opType: 'Reciprocal', input: ['c'], output: ['y'] },
    ],
    [one],
  ),
];
const xs = [-5, -10, -12, -15, -16, -17, -18, -30, -80];
const x = new Tensor('float32', Float32Array.from(xs), [xs.length]);
const [library, written] = await Promise.all(forms.map(async (form) => (await form.run({ x })).y.data));
const far = (got, i) => Math.abs(got * (1 + Math.exp(-xs[i])) - 1);
const shown = (error) => (error < 1e-5 ? 'right' : `${Number((100 * error).toPrecision(2))} % off`);
for (const [i, at] of xs.entries()) {
  const [a, b] = [library[i], written[i]];
  console.log(`${at}: ${a === 0 ? 0 : a.toExponential(2)} ${shown(far(a, i))}; by Exp ${b.toExponential(2)} ${shown(far(b, i))}`);
}
const of = (at) => library[xs.indexOf(at)];
if (far(of(-12), 2) < 1e-3 || far(of(-16), 4) < 0.1 || of(-17) < of(-16) || of(-18) !== 0) throw new Error('changed');
if (xs.some((_, i) => far(written[i], i) > 1e-5)) throw new Error('changed: the form with Exp');
EOF
node run.mjs
