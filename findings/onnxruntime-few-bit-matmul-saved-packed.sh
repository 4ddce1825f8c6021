#!/bin/sh
# onnxruntime-node 1.30.0, Node 20, x64: MatMulNBits whose packed weights were saved answer wrong, from the second on.
#
# With `session.save_external_prepacked_constant_initializers` a session writes its model and, in a file beside it, its
# weights as its kernels have packed them; another session maps them. With float32 MatMul that holds, and saves the
# private memory. With MatMulNBits at level 4 (activations rounded to 8 bits, the fast path of 4-bit models) a model of
# one such node comes back as it was, one of two does not: the session that loads it raises nothing and gives other
# numbers than the one that saved it.
#
# The cause: pieces are written one right behind the other. Packed codes have lengths that are no multiple of 64, so all
# that follows begins at odd places, but the kernel looks for the parts of its packed weights at aligned addresses. With
# each piece moved to a multiple of 64 (`realigned`) the numbers are the same. So who starts 4-bit models from packed
# weights on the disk must move the pieces, and compare outputs, and not of a single layer.
#
# Prints for chains of one and two products whether the loaded session gives the saving one's numbers.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 onnx-buf@1.20.0-1 @bufbuild/protobuf@2.17.0 >/dev/null
cat > run.mjs <<'EOF'
import { readFileSync, writeFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const K = 64;
const N = 64;
const value = (name, dims) =>
  create(onnx.ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: 1,
          shape: { dim: dims.map((n) => ({ value: { case: 'dimValue', value: BigInt(n) } })) },
        },
      },
    },
  });
const int = (name, i) => create(onnx.AttributeProtoSchema, { name, type: 2, i: BigInt(i) });
const numbers = (length, of) => Float32Array.from({ length }, (_, i) => of(i));
const weightsOf = {
  float: (node) => [[`w${node}`, 1, [K, N], numbers(K * N, (i) => ((i * 37 + node) % 19) / 19 - 0.5)]],
  codes: (node) => [
    [`c${node}`, 2, [N, K / 32, 16], Uint8Array.from({ length: (N * K) / 2 }, (_, i) => (i * (41 + 2 * node)) % 256)],
    [`s${node}`, 1, [N, K / 32], numbers((N * K) / 32, (i) => (0.01 + ((i * 7) % 11) / 1e3) * (1 + 3 * node))],
  ],
};

/** Moves each piece of the saved file to a multiple of 64. */
function realign(name) {
  const saved = fromBinary(onnx.ModelProtoSchema, readFileSync(`${name}.onnx`));
  const file = readFileSync(`${name}.bin`);
  const pieces = [];
  let end = 0;
  const move = (from, length) => {
    const at = end;
    const piece = Buffer.alloc(Math.ceil(length / 64) * 64);
    file.copy(piece, 0, from, from + length);
    pieces.push(piece);
    end += piece.length;
    return at;
  };
  for (const { externalData } of saved.graph.initializer) {
    const entries = new Map(externalData.map((entry) => [entry.key, entry]));
    if (!entries.has('offset')) continue;
    const offset = entries.get('offset');
    offset.value = `${move(Number(offset.value), Number(entries.get('length').value))}`;
    for (const [key, entry] of entries) {
      if (!key.startsWith('prepacked')) continue;
      const [kernel, ...parts] = entry.value.split('|');
      const moved = parts.map((part) => {
        const [from, length, hash] = part.split(';').map(Number);
        return [move(from, length), length, hash].join(';');
      });
      entry.value = [kernel, ...moved].join('|');
    }
  }
  writeFileSync(`${name}.bin`, Buffer.concat(pieces));
  writeFileSync(`${name}.onnx`, toBinary(onnx.ModelProtoSchema, saved));
}

async function compare(kind, count, node, isRealigned = false) {
  const name = `${node.opType} ${count}${isRealigned ? ' realigned' : ''}`;
  const own = Array.from({ length: count }, (_, i) => weightsOf[kind](i));
  let offset = 0;
  const bytes = [];
  const initializer = own.flat().map(([tensor, dataType, dims, data]) => {
    const raw = new Uint8Array(data.buffer);
    const entry = (key, text) => create(onnx.StringStringEntryProtoSchema, { key, value: `${text}` });
    const externalData = [
      ...[entry('location', `${name}.bin`), entry('offset', offset), entry('length', raw.length)],
    ];
    bytes.push(raw);
    offset += raw.length;
    const dataLocation = 1; // external
    return create(onnx.TensorProtoSchema, {
      ...{ name: tensor, dataType, dims: dims.map(BigInt), dataLocation, externalData },
    });
  });
  writeFileSync(`${name}.bin`, Buffer.concat(bytes));
  const graph = {
    ...{ name: 'g', input: [value('x', [1, K])], output: [value('y', [1, N])], initializer },
    node: own.map((weights, i) => ({
      input: [i === 0 ? 'x' : `x${i}`, ...weights.map(([tensor]) => tensor)],
      output: [i === count - 1 ? 'y' : `x${i + 1}`],
      ...node,
    })),
  };
  const opsetImport = [
    { domain: '', version: 21n },
    { domain: 'com.microsoft', version: 1n },
  ];
  const model = create(onnx.ModelProtoSchema, { irVersion: 10n, opsetImport, graph });
  writeFileSync(`${name}.onnx`, toBinary(onnx.ModelProtoSchema, model));
  const quiet = { intraOpNumThreads: 1, logSeverityLevel: 3 };
  const saving = await InferenceSession.create(`${name}.onnx`, {
    ...quiet,
    optimizedModelFilePath: `${name}.packed.onnx`,
    extra: {
      session: {
        save_external_prepacked_constant_initializers: '1',
        optimized_model_external_initializers_file_name: `${name}.packed.bin`,
        optimized_model_external_initializers_min_size_in_bytes: '1',
      },
    },
  });
  if (isRealigned) realign(`${name}.packed`);
  const loaded = await InferenceSession.create(`${name}.packed.onnx`, {
    ...quiet,
    graphOptimizationLevel: 'disabled',
  });
  const x = new Tensor('float32', Float32Array.from({ length: K }, (_, i) => Math.sin(i)), [1, K]);
  const [a, b] = [(await saving.run({ x })).y.data, (await loaded.run({ x })).y.data];
  const largest = Math.max(...a.map(Math.abs));
  const far = Math.max(...a.map((n, i) => Math.abs(n - b[i]))) / largest;
  console.log(`${name}: ${far < 1e-5 ? 'the same' : far > 0.05 ? 'others' : 'about the same'}`);
}

const fewBits = {
  ...{ opType: 'MatMulNBits', domain: 'com.microsoft' },
  attribute: [
    ...[int('K', K), int('N', N), int('bits', 4), int('block_size', 32)],
    int('accuracy_level', 4),
  ],
};
await compare('float', 1, { opType: 'MatMul' });
await compare('float', 2, { opType: 'MatMul' });
await compare('codes', 1, fewBits);
await compare('codes', 2, fewBits);
await compare('codes', 2, fewBits, true);
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
MatMul 1: the same
MatMul 2: the same
MatMulNBits 1: the same
MatMulNBits 2: others
MatMulNBits 2 realigned: the same
EOF
diff expected.txt got.txt
