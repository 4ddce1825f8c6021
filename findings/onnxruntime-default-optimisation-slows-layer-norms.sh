#!/bin/sh
# onnxruntime-node 1.30.0, Node 20, x64: the default optimisation makes Add + LayerNormalization four to six times slower.
#
# A sum and the norm behind it, as every residual block of a transformer with LayerNormalization has them (GPT-2, CLIP,
# Whisper, decision transformers), are fused to one SkipLayerNormalization by the levels "extended" and "all", the
# default. One expects a fused node to be at least as fast, as it goes over the numbers once less. On the CPU the kernel of
# the pair is the faster one: the "optimised" chain takes 4 to 6 times the CPU time. The level "basic" leaves the pair as
# it is. SkipSimplifiedLayerNormalization (RMS norms, as in Llama) takes twice the time of its parts. Results agree to
# float32's rounding.
#
# Prints, for a chain of 20 pairs on 256 rows of 576 numbers with one thread, how many nodes each level has fused, and
# whether the default takes more than 2.5 times the CPU time of "basic" (medians of 15 runs taken in turn); the ratio goes
# to stderr.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnx-buf@1.20.0-1 @bufbuild/protobuf@2.17.0 >/dev/null
cat > run.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import * as ort from 'onnxruntime-node';

const [WIDTH, ROWS, PAIRS, RUNS] = [576, 256, 20, 15];
const value = (name, dims) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: { elemType: 1, shape: { dim: dims.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } })) } },
      },
    },
  });
const inputs = { x: [1, ROWS, WIDTH], rest: [1, ROWS, WIDTH], scale: [WIDTH], bias: [WIDTH] };
const nodes = Array.from({ length: PAIRS }, (_, i) => [
  { opType: 'Add', input: [i === 0 ? 'x' : `norm${i - 1}`, 'rest'], output: [`sum${i}`] },
  {
    opType: 'LayerNormalization',
    input: [`sum${i}`, 'scale', 'bias'],
    output: [i === PAIRS - 1 ? 'y' : `norm${i}`],
    attribute: [
      { name: 'axis', type: 2, i: -1n },
      { name: 'epsilon', type: 1, f: 1e-5 },
    ],
  },
]);
const model = toBinary(
  onnx.ModelProtoSchema,
  create(onnx.ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'g',
      input: Object.entries(inputs).map(([name, dims]) => value(name, dims)),
      output: [value('y', inputs.x)],
      node: nodes.flat(),
    },
  }),
);
const numbers = (dims, at) => {
  const length = dims.reduce((a, b) => a * b);
  return new ort.Tensor('float32', Float32Array.from({ length }, (_, i) => Math.sin(i * at)), dims);
};
const feeds = Object.fromEntries(Object.entries(inputs).map(([name, dims], i) => [name, numbers(dims, 0.3 + i)]));

const sessions = {};
for (const [name, level] of [
  ['basic', { graphOptimizationLevel: 'basic' }],
  ['default', {}],
]) {
  const saved = `${name}.onnx`;
  const options = { intraOpNumThreads: 1, logSeverityLevel: 4, optimizedModelFilePath: saved, ...level };
  sessions[name] = await ort.InferenceSession.create(model, options);
  const found = readFileSync(saved).toString('latin1').split('\x22\x16SkipLayerNormalization').length - 1;
  console.log(`${name}: ${found} fused of ${PAIRS}`);
}
const [times, results] = [{ basic: [], default: [] }, {}];
for (let i = 0; i < RUNS; i++) {
  for (const [name, session] of Object.entries(sessions)) {
    const before = process.cpuUsage();
    results[name] = (await session.run(feeds)).y.data;
    const { user, system } = process.cpuUsage(before);
    times[name].push(user + system);
  }
}
const median = (list) => list.sort((a, b) => a - b)[RUNS >> 1];
const ratio = median(times.default) / median(times.basic);
console.error(`default / basic: ${ratio.toFixed(1)}`);
console.log(`default takes more than 2.5 times as long: ${ratio > 2.5}`);
const apart = results.basic.reduce((most, n, i) => Math.max(most, Math.abs(n - results.default[i])), 0);
console.log(`results agree to 1e-4: ${apart < 1e-4}`);
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
basic: 0 fused of 20
default: 20 fused of 20
default takes more than 2.5 times as long: true
results agree to 1e-4: true
EOF
diff expected.txt got.txt
