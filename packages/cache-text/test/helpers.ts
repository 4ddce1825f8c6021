import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AutoTokenizer, type PreTrainedTokenizer, Tensor } from '@huggingface/transformers';
import { type NammCache, NammModelForCausalLM, type NammModelOptions } from '../src/index.js';

/** A random Llama of 3 layers with a tokenizer, a chat template, and what PyTorch transformers computed. */
export const folder = join(import.meta.dirname, '__fixtures__', 'llama-base');

/** Ids and texts that PyTorch transformers writes greedily. */
export const reference = JSON.parse(readFileSync(join(folder, 'fixture.json'), 'utf8')) as {
  input_ids: number[];
  greedy_ids: number[];
  e2e: { messages: Message[]; greedy_ids: number[]; greedy_text: string };
};

export interface Message {
  role: string;
  content: string;
}

/** The model on one thread: it is tiny, and test files run side by side. */
export function loadModel(options: NammModelOptions = {}): Promise<NammModelForCausalLM> {
  return NammModelForCausalLM.from_pretrained(folder, { threads: 1, ...options });
}

/** transformers.js' tokenizer, with the chat template that it does not read itself. */
export async function loadTokenizer(model: NammModelForCausalLM): Promise<PreTrainedTokenizer> {
  const tokenizer = await AutoTokenizer.from_pretrained(folder);
  tokenizer.chat_template ??= model.chat_template;
  return tokenizer;
}

/** `[1, ids]` */
export function idsTensor(...rows: (readonly number[])[]): Tensor {
  const data = BigInt64Array.from(rows.flat(), BigInt);
  return new Tensor('int64', data, [rows.length, rows[0]!.length]);
}

export function ones(...dims: number[]): Tensor {
  return new Tensor('int64', new BigInt64Array(dims.reduce((a, b) => a * b)).fill(1n), dims);
}

/** Ids of each row of a tensor `[batch, tokens]`. */
export function rowsOf(tensor: Tensor): number[][] {
  return (tensor.tolist() as bigint[][]).map((row) => row.map(Number));
}

/** The inputs of a conversation, as a tokenizer makes them. */
export function chatInputs(
  tokenizer: PreTrainedTokenizer,
  messages: Message[],
): { input_ids: Tensor; attention_mask: Tensor } {
  const options = { add_generation_prompt: true, return_dict: true };
  return tokenizer.apply_chat_template(messages, options) as never;
}

/** Rows kept per sequence, layer and head. */
export async function kept(cache: NammCache): Promise<number[][][]> {
  const { sequences } = await cache.memory();
  return sequences.map(({ keptPerHead }) => keptPerHead.map((layer) => [...layer]));
}
