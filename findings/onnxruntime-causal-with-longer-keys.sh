#!/bin/sh
# onnxruntime-node 1.30.0, Node 20: what "causal" means when there are more keys than queries differs in three ways.
#
# Two queries, five keys (a cache of three that the graph has concatenated with what is new): one expects, as in
# FlashAttention, that the last query sees all five and the one before four.
# - Attention (opset 23 and 24, is_causal) with whole keys aligns at the *start*: the first query sees the first key
#   alone, the second two; a decode step of one query sees only the oldest token of the cache. With the first three given
#   as past, or in opset 24 with nonpad_kv_seqlen of 5, which says that none of them is padding, the same numbers are
#   aligned at the end.
# - MultiHeadAttention (com.microsoft, unidirectional) with whole keys aligns at the start, but its *last* query sees
#   everything, so that a decode step is right and a chunk of several tokens is wrong in all rows but the last.
# Nothing is raised, and each answer is plausible. Graphs that concatenate the cache themselves must bring a mask.
#
# Prints the number of keys that each query sees (all scores are equal, so the output's mean tells).
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

const SIZE = 8;
const value = (name, elemType = 1) => create(onnx.ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType } } } });
const int = (name, i) => create(onnx.AttributeProtoSchema, { name, type: 2, i: BigInt(i) });

/** How many keys each query sees. */
async function seen(node, opset, queries, keys, past, feedsOf) {
  const feeds = feedsOf(queries, keys, past);
  const names = node.input.filter((name) => name !== '');
  const model = create(onnx.ModelProtoSchema, {
    irVersion: 11n,
    opsetImport: [
      { domain: '', version: BigInt(opset) },
      { domain: 'com.microsoft', version: 1n },
    ],
    graph: {
      name: 'g',
      input: names.map((name) => value(name, name === 'length' ? 7 : 1)),
      output: node.output.map((name) => value(name)),
      node: [node],
    },
  });
  const session = await InferenceSession.create(toBinary(onnx.ModelProtoSchema, model));
  const { y } = await session.run(Object.fromEntries(names.map((name) => [name, feeds[name]])));
  // the mean of the values 1, 2, 4, … of the first n keys is (2^n - 1) / n
  return Array.from({ length: queries }, (_, i) => {
    const mean = y.data[i * SIZE];
    for (let n = 1; n <= keys; n++) if (Math.abs((2 ** n - 1) / n - mean) < 1e-4) return n;
    return `? ${mean}`;
  }).join(' ');
}
const values = (from, to) => Float32Array.from({ length: (to - from) * SIZE }, (_, i) => 2 ** (from + Math.floor(i / SIZE)));
const feedsOf = (rank) => (queries, keys, past) => {
  const tensor = (data, length) => new Tensor('float32', data, rank === 4 ? [1, 1, length, SIZE] : [1, length, SIZE]);
  return {
    q: tensor(new Float32Array(queries * SIZE), queries),
    k: tensor(new Float32Array((keys - past) * SIZE), keys - past),
    v: tensor(values(past, keys), keys - past),
    ...(past > 0 && {
      pastK: new Tensor('float32', new Float32Array(past * SIZE), [1, 1, past, SIZE]),
      pastV: new Tensor('float32', values(0, past), [1, 1, past, SIZE]),
    }),
    length: new Tensor('int64', BigInt64Array.of(BigInt(keys)), [1]),
  };
};
const attention = { opType: 'Attention', attribute: [int('is_causal', 1)] };
const multiHead = {
  opType: 'MultiHeadAttention',
  domain: 'com.microsoft',
  attribute: [int('num_heads', 1), int('unidirectional', 1)],
};
for (const queries of [1, 2, 3]) {
  console.log(`${queries} of 5`);
  for (const opset of [23, 24]) {
    const whole = { ...attention, input: ['q', 'k', 'v'], output: ['y'] };
    console.log(`  Attention ${opset}, whole keys: ${await seen(whole, opset, queries, 5, 0, feedsOf(4))}`);
    const past = { ...attention, input: ['q', 'k', 'v', '', 'pastK', 'pastV'], output: ['y', 'presentK', 'presentV'] };
    console.log(`  Attention ${opset}, past: ${await seen(past, opset, queries, 5, 5 - queries, feedsOf(4))}`);
  }
  const length = { ...attention, input: ['q', 'k', 'v', '', '', '', 'length'], output: ['y'] };
  console.log(`  Attention 24, nonpad_kv_seqlen 5: ${await seen(length, 24, queries, 5, 0, feedsOf(4))}`);
  const whole = { ...multiHead, input: ['q', 'k', 'v'], output: ['y'] };
  console.log(`  MultiHeadAttention, whole keys: ${await seen(whole, 21, queries, 5, 0, feedsOf(3))}`);
  const past = { ...multiHead, input: ['q', 'k', 'v', '', '', '', 'pastK', 'pastV'], output: ['y', 'presentK', 'presentV'] };
  console.log(`  MultiHeadAttention, past: ${await seen(past, 21, queries, 5, 5 - queries, feedsOf(3))}`);
}
EOF
node run.mjs | tee got.txt
cat > expected.txt <<'EOF'
1 of 5
  Attention 23, whole keys: 1
  Attention 23, past: 5
  Attention 24, whole keys: 1
  Attention 24, past: 5
  Attention 24, nonpad_kv_seqlen 5: 5
  MultiHeadAttention, whole keys: 5
  MultiHeadAttention, past: 5
2 of 5
  Attention 23, whole keys: 1 2
  Attention 23, past: 4 5
  Attention 24, whole keys: 1 2
  Attention 24, past: 4 5
  Attention 24, nonpad_kv_seqlen 5: 4 5
  MultiHeadAttention, whole keys: 1 5
  MultiHeadAttention, past: 4 5
3 of 5
  Attention 23, whole keys: 1 2 3
  Attention 23, past: 3 4 5
  Attention 24, whole keys: 1 2 3
  Attention 24, past: 3 4 5
  Attention 24, nonpad_kv_seqlen 5: 3 4 5
  MultiHeadAttention, whole keys: 1 2 5
  MultiHeadAttention, past: 3 4 5
EOF
diff expected.txt got.txt
