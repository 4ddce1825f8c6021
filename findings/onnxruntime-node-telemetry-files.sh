#!/bin/sh
# onnxruntime-node 1.30.0 on Linux, Node 20: the first session of a process leaves files of a telemetry client in the
# temporary folder.
#
# Nothing in the package's README or types speaks of telemetry on Linux. Each process that makes a session leaves a
# `mat-debug-PID.log` there, which nobody removes, and one `.ses` file that is shared: a test suite or a server that
# starts many processes fills the folder. With ORT_DISABLE_TELEMETRY=1 in the environment before the package is loaded
# there are none. (Whether anything is sent was not looked at.)
#
# Output: how many such files there are after two processes, without and with the variable:
#   default: 2 logs, 1 .ses
#   ORT_DISABLE_TELEMETRY=1: 0 logs, 0 .ses
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnx-buf@1.20.0-1 @bufbuild/protobuf@2.17.0 >/dev/null
cat > run.mjs <<'EOF'
import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';

const { InferenceSession } = await import('onnxruntime-node');
const value = (name) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim: [] } } } },
  });
const model = create(onnx.ModelProtoSchema, {
  irVersion: 10n,
  opsetImport: [{ domain: '', version: 21n }],
  graph: {
    name: 'g',
    input: [value('x')],
    output: [value('y')],
    node: [{ opType: 'Neg', input: ['x'], output: ['y'] }],
  },
});
const session = await InferenceSession.create(toBinary(onnx.ModelProtoSchema, model));
await session.release();
EOF
count() {
  echo "$(find "$1" -name 'mat-debug-*.log' | wc -l) logs, $(find "$1" -name '.ses' | wc -l) .ses"
}
mkdir usual off
unset ORT_DISABLE_TELEMETRY || true
for _ in 1 2; do TMPDIR=$work/usual node run.mjs; done
for _ in 1 2; do ORT_DISABLE_TELEMETRY=1 TMPDIR=$work/off node run.mjs; done
{
  echo "default: $(count usual)"
  echo "ORT_DISABLE_TELEMETRY=1: $(count off)"
} | tee got.txt
cat > expected.txt <<'EOF'
default: 2 logs, 1 .ses
ORT_DISABLE_TELEMETRY=1: 0 logs, 0 .ses
EOF
diff expected.txt got.txt
