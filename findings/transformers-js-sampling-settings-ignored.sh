#!/bin/sh
# @huggingface/transformers 4.3.2 for JavaScript: `generate` takes top_p, typical_p, min_p and more and does nothing with them.
#
# GenerationConfig documents top_p and typical_p, the package has a class TopPLogitsWarper, and the generation_config.json
# of models names top_p (Qwen .8, Llama .9). Of the settings for sampling only temperature and top_k have an effect: with
# top_p .4, where one word has half of the probability and should be the only one, every word still comes, and
# num_return_sequences 2 returns one sequence. Nothing warns. So sampled answers are more random than those of
# transformers in Python with the same files, and scores of the two cannot be compared. A logits_processor of one's own
# is applied and can do it.
#
# Prints, for a model whose words have the probabilities 1/2, 1/4, 1/8 …, which words came in 300.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @huggingface/transformers@4.3.2 onnx-buf@1.20.0-1 @bufbuild/protobuf@2.17.0 >/dev/null
cat > run.mjs <<'EOF'
import { mkdirSync, writeFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { AutoModelForCausalLM, env, random, Tensor } from '@huggingface/transformers';
import * as onnx from 'onnx-buf';

const WORDS = 8;
const dim = (n) => ({ value: typeof n === 'string' ? { case: 'dimParam', value: n } : { case: 'dimValue', value: BigInt(n) } });
const value = (name, elemType, dims) =>
  create(onnx.ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim: dims.map(dim) } } } } });
const caches = ['key', 'value'];
const past = ['batch', 1, 'past', 4];
const logits = Float32Array.from({ length: WORDS * WORDS }, (_, i) => -(i % WORDS) * Math.LN2);
const model = create(onnx.ModelProtoSchema, {
  irVersion: 10n,
  opsetImport: [{ domain: '', version: 21n }],
  graph: {
    name: 'g',
    input: [
      value('input_ids', 7, ['batch', 'tokens']),
      value('attention_mask', 7, ['batch', 'all']),
      ...caches.map((name) => value(`past_key_values.0.${name}`, 1, past)),
    ],
    output: [value('logits', 1, ['batch', 'tokens', WORDS]), ...caches.map((name) => value(`present.0.${name}`, 1, past))],
    initializer: [
      create(onnx.TensorProtoSchema, {
        name: 'table',
        dataType: 1,
        dims: [BigInt(WORDS), BigInt(WORDS)],
        rawData: new Uint8Array(logits.buffer),
      }),
    ],
    node: [
      { opType: 'Gather', input: ['table', 'input_ids'], output: ['logits'] },
      ...caches.map((name) => ({ opType: 'Identity', input: [`past_key_values.0.${name}`], output: [`present.0.${name}`] })),
    ],
  },
});
mkdirSync('models/tiny/onnx', { recursive: true });
writeFileSync('models/tiny/onnx/model.onnx', toBinary(onnx.ModelProtoSchema, model));
const sizes = { hidden_size: 4, num_attention_heads: 1, num_key_value_heads: 1, num_hidden_layers: 1, vocab_size: WORDS };
writeFileSync('models/tiny/config.json', JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'], ...sizes }));
env.localModelPath = 'models';
env.allowRemoteModels = false;
const tiny = await AutoModelForCausalLM.from_pretrained('tiny', { dtype: 'fp32' });

const one = (n) => new Tensor('int64', BigInt64Array.of(n), [1, 1]);
for (const settings of [
  {},
  { top_k: 2 },
  { temperature: 0.1 },
  { top_p: 0.4 },
  { top_p: 0.4, top_k: 0 },
  { typical_p: 0.1 },
  { min_p: 0.9 },
  { num_return_sequences: 2 },
]) {
  random.seed(1);
  const made = await tiny.generate({
    ...{ input_ids: one(0n), attention_mask: one(1n) },
    ...{ do_sample: true, max_new_tokens: 300, ...settings },
  });
  const sequences = made.tolist();
  const words = [...new Set(sequences[0].slice(1).map(Number))].sort().join(' ');
  console.log(`${JSON.stringify(settings)}: words ${words}; sequences ${sequences.length}`);
}
EOF
node run.mjs 2>/dev/null | tee got.txt
cat > expected.txt <<'EOF'
{}: words 0 1 2 3 4 5 6; sequences 1
{"top_k":2}: words 0 1; sequences 1
{"temperature":0.1}: words 0; sequences 1
{"top_p":0.4}: words 0 1 2 3 4 5 6; sequences 1
{"top_p":0.4,"top_k":0}: words 0 1 2 3 4 5 6; sequences 1
{"typical_p":0.1}: words 0 1 2 3 4 5 6; sequences 1
{"min_p":0.9}: words 0 1 2 3 4 5 6; sequences 1
{"num_return_sequences":2}: words 0 1 2 3 4 5 6; sequences 1
EOF
diff expected.txt got.txt
