#!/bin/sh
# onnxruntime-node 1.30.0, Node 20: an input that has a default keeps it, whatever is fed; unknown feeds are dropped.
#
# In ONNX a graph input that is also an initializer has a default, which a caller may replace: exporters make such inputs
# for a scale, a threshold or a temperature. ONNX Runtime for Python replaces it, and refuses names that are no inputs.
# The JavaScript side knows the inputs without a default alone (inputNames), takes these from the feeds and drops all
# others without a word, so the default's answer comes back as if the value had been used, and a misspelt feed likewise.
# An output that does not exist is refused. Such models must be rewritten (the initializer removed) for Node.
#
# Prints x times scale for x = 1 2 3 and a model whose scale is 1 unless another is given, in Node and in Python.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnx-buf@1.20.0-1 @bufbuild/protobuf@2.17.0 >/dev/null
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install onnxruntime==1.30.0 numpy==2.4.6
cat > run.mjs <<'EOF'
import { writeFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const value = (name, n) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim: [{ value: { case: 'dimValue', value: BigInt(n) } }] } } } },
  });
const one = new Uint8Array(Float32Array.of(1).buffer);
const model = create(onnx.ModelProtoSchema, {
  irVersion: 10n,
  opsetImport: [{ domain: '', version: 21n }],
  graph: {
    name: 'g',
    input: [value('x', 3), value('scale', 1)],
    output: [value('y', 3)],
    initializer: [create(onnx.TensorProtoSchema, { name: 'scale', dataType: 1, dims: [1n], rawData: one })],
    node: [{ opType: 'Mul', input: ['x', 'scale'], output: ['y'] }],
  },
});
writeFileSync('model.onnx', toBinary(onnx.ModelProtoSchema, model));
const session = await InferenceSession.create('model.onnx', { logSeverityLevel: 3 });
const x = new Tensor('float32', Float32Array.of(1, 2, 3), [3]);
const ten = new Tensor('float32', Float32Array.of(10), [1]);
const say = (what, promise) =>
  promise.then(
    ({ y }) => console.log(`node, ${what}: ${y.data.join(' ')}`),
    (error) => console.log(`node, ${what}: ${error.message}`),
  );
console.log(`node, inputNames: ${session.inputNames}`);
await say('scale not given', session.run({ x }));
await say('scale 10', session.run({ x, scale: ten }));
await say('scales 10', session.run({ x, scales: ten }));
await say('output ys', session.run({ x }, ['ys']));
EOF
cat > run.py <<'EOF'
import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.log_severity_level = 3
session = onnxruntime.InferenceSession("model.onnx", options)
x, ten = np.array([1, 2, 3], np.float32), np.array([10], np.float32)
for name, feeds in {"scale not given": {}, "scale 10": {"scale": ten}, "scales 10": {"scales": ten}}.items():
    try:
        said = " ".join(f"{n:g}" for n in session.run(["y"], {"x": x, **feeds})[0])
    except Exception as error:
        said = "refused, " + str(error).split(" : ")[-1]
    print(f"python, {name}: {said}")
EOF
{
  node run.mjs
  venv/bin/python run.py
} 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
node, inputNames: x
node, scale not given: 1 2 3
node, scale 10: 1 2 3
node, scales 10: 1 2 3
node, output ys: 'fetches' contains invalid output name: ys.
python, scale not given: 1 2 3
python, scale 10: 10 20 30
python, scales 10: refused, Invalid input name: scales
EOF
diff expected.txt got.txt
