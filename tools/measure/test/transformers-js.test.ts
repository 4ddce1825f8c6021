import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoModelForCausalLM,
  AutoTokenizer,
  DynamicCache,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  random,
  Tensor,
  TextGenerationPipeline,
} from '@huggingface/transformers';
import { NammModelForCausalLM } from '@namm/cache-text';
import { modelFolder } from '@namm/models';
import { openSafetensors } from '@namm/tensors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../src/random-model/model-config.js';
import type { Weight } from '../src/random-model/model-weights.js';
import { writeGenai } from '../src/random-model/write-genai.js';

const folder = modelFolder('nano-llama');
const prompts = [
  'Call me Ishmael. Some years ago',
  'The captain stood upon the deck and looked at the',
  'It was a dark and stormy night; the rain fell in torrents, except at occasional intervals, when it was checked by a violent gust of wind which swept up the streets',
];

let work: string;
let ours: NammModelForCausalLM;
let theirs: PreTrainedModel;
let tokenizer: PreTrainedTokenizer;
beforeAll(async () => {
  // The same weights, exported as transformers.js likes them best.
  work = await mkdtemp(join(tmpdir(), 'namm-transformers-js-'));
  // Both read further than it was trained for: what it writes there is nonsense, but the same nonsense.
  const trained = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as ModelConfig;
  const config = { ...trained, max_position_embeddings: 512 };
  const here = join(work, 'ours');
  await mkdir(here);
  await writeFile(join(here, 'config.json'), JSON.stringify(config));
  await copyFile(join(folder, 'model.safetensors'), join(here, 'model.safetensors'));
  const file = await openSafetensors(join(folder, 'model.safetensors'));
  const weights = new Map<string, Weight>();
  for (const [name, { shape }] of file.tensors) {
    weights.set(name, { shape, data: await file.readFloat32(name) });
  }
  await writeGenai(work, config, weights);
  for (const name of ['generation_config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(folder, name), join(work, name));
    await copyFile(join(folder, name), join(here, name));
  }
  const session_options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  theirs = await AutoModelForCausalLM.from_pretrained(work, { dtype: 'fp32', session_options });
  ours = await NammModelForCausalLM.from_pretrained(here, { threads: 1 });
  tokenizer = await AutoTokenizer.from_pretrained(work);
});
afterAll(async () => {
  await ours.dispose();
  await theirs.dispose();
  await rm(work, { recursive: true });
});

async function write(model: PreTrainedModel, text: string, parameters: object): Promise<string> {
  const sequences = await model.generate({ ...tokenizer(text), ...parameters });
  return tokenizer.batch_decode(sequences as Tensor, { skip_special_tokens: false })[0]!;
}

describe('the bundled model writes with cache-text what transformers.js writes', () => {
  it.each(prompts)('greedily: %s', async (prompt) => {
    const parameters = { max_new_tokens: 120 };
    const text = await write(ours, prompt, parameters);
    expect(text).toBe(await write(theirs, prompt, parameters));
    expect(text.length).toBeGreaterThan(prompt.length + 100);
  });

  it('sampling from the same seed, with a penalty and banned words', async () => {
    const parameters = {
      max_new_tokens: 60,
      do_sample: true,
      temperature: 0.8,
      top_k: 20,
      repetition_penalty: 1.2,
      no_repeat_ngram_size: 3,
    };
    const sample = (model: PreTrainedModel, seed: number) => {
      random.seed(seed);
      return write(model, prompts[0]!, parameters);
    };
    const first = await sample(ours, 1);
    expect(first).toBe(await sample(theirs, 1));
    expect(await sample(ours, 2)).not.toBe(first);
  });

  it.each([
    { min_new_tokens: 5, eos_token_id: [13, 1] },
    { bad_words_ids: [[14], [15]] },
    { max_length: 30 },
    {},
  ])('with %o', async (parameters) => {
    const [own, other] = [ours, theirs].map((model) => write(model, prompts[0]!, parameters));
    expect(await own).toBe(await other);
  });

  it.each([
    ['num_beams', { num_beams: 3 }], // transformers.js searches greedily all the same
    ['num_return_sequences', { num_return_sequences: 2 }], // greedy answers would be equal
    ['guidance_scale', { guidance_scale: 1.5 }],
  ])('but refuses %s, which would not do what it says', async (name, parameters) => {
    await expect(write(ours, prompts[0]!, parameters)).rejects.toThrow(`${name}: is`);
  });

  it('over three turns on one cache', async () => {
    const talk = async (model: PreTrainedModel, past_key_values: object) => {
      let ids: bigint[] = [];
      for (const prompt of prompts) {
        const next = tokenizer(prompt, { add_special_tokens: false }).input_ids as Tensor;
        ids = [...ids, ...(next.data as BigInt64Array)];
        const input_ids = new Tensor('int64', ids, [1, ids.length]);
        const sequences = (await model.generate({
          input_ids,
          attention_mask: new Tensor('int64', new Array(ids.length).fill(1n), [1, ids.length]),
          past_key_values: past_key_values as never,
          max_new_tokens: 20,
        })) as Tensor;
        ids = [...(sequences.data as BigInt64Array)];
      }
      return tokenizer.decode(ids.map(Number));
    };
    expect(await talk(ours, ours.createCache())).toBe(await talk(theirs, new DynamicCache()));
  });

  it('in pipelines', async () => {
    const run = (model: PreTrainedModel) => {
      const pipeline = new TextGenerationPipeline({ task: 'text-generation', model, tokenizer });
      return pipeline(prompts[1]!, { max_new_tokens: 40 });
    };
    expect(await run(ours)).toEqual(await run(theirs));
  });

  it('and gives the same logits', async () => {
    const inputs = tokenizer(prompts[2]!);
    const { logits } = await ours({ ...inputs, num_logits_to_keep: new Tensor('int64', [1n], []) });
    const expected = (await theirs(inputs)).logits.data as Float32Array;
    const actual = logits.data as Float32Array;
    expect(actual).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 3);
  });
});
