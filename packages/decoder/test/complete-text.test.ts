import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { h2o } from '@namm/kv-cache';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChatMessage,
  type CompletionOptions,
  completeText,
  Decoder,
  loadTokenizer,
  type Tokenizer,
} from '../src/index.js';
import { quiet } from './helpers.js';

const folder = join(import.meta.dirname, '__fixtures__', 'llama-base');
const { e2e } = JSON.parse(readFileSync(join(folder, 'fixture.json'), 'utf8')) as {
  e2e: { messages: ChatMessage[]; greedy_ids: number[]; greedy_text: string };
};

let decoder: Decoder;
let tokenizer: Tokenizer;
let prompt: string;
beforeAll(async () => {
  decoder = await Decoder.load(folder, { ...quiet, probe: { kind: 'columnSums' } });
  tokenizer = await loadTokenizer(folder);
  prompt = tokenizer.applyChatTemplate(e2e.messages, { addGenerationPrompt: true });
});
afterAll(() => decoder.release());

async function complete(options: Partial<CompletionOptions> = {}): Promise<string[]> {
  const pieces: string[] = [];
  const all = { maxNewTokens: 24, addSpecialTokens: false, ...options };
  for await (const piece of completeText(decoder, tokenizer, decoder.createCache(), prompt, all)) {
    pieces.push(piece);
  }
  return pieces;
}

describe('completeText', () => {
  it('takes the ids of a prompt in place of its text', async () => {
    const ids = tokenizer.encode(prompt, { addSpecialTokens: false });
    const cache = decoder.createCache();
    let text = '';
    for await (const piece of completeText(decoder, tokenizer, cache, ids, { maxNewTokens: 24 })) {
      text += piece;
    }
    expect(text).toBe((await complete()).join(''));
  });

  it('writes what transformers writes for the same conversation', async () => {
    expect((await complete()).join('')).toBe(e2e.greedy_text);
  });

  it('runs the example of the README with a budget that holds', async () => {
    const policy = h2o({ budget: 16 });
    const cache = decoder.createCache({ policy });
    let text = '';
    const options = { maxNewTokens: 20, addSpecialTokens: false };
    for await (const piece of completeText(decoder, tokenizer, cache, prompt, options)) {
      text += piece;
      for (const kept of cache.memory().keptPerHead.flat()) expect(kept).toBeLessThanOrEqual(16);
    }
    expect(text.length).toBeGreaterThan(0);
    expect(cache.seen).toBe(tokenizer.encode(prompt, { addSpecialTokens: false }).length + 19);
  });

  it('ends before a stop text, also when pieces cut it', async () => {
    const whole = e2e.greedy_text;
    for (const stop of [whole.slice(2, 3), whole.slice(3, 8), whole.slice(9, 16)]) {
      const expected = whole.slice(0, whole.indexOf(stop));
      expect((await complete({ stop: [stop, 'never to be seen'] })).join('')).toBe(expected);
    }
  });

  it('gives out what was held back for a stop text that did not come', async () => {
    const end = e2e.greedy_text.slice(-2);
    expect((await complete({ stop: [`${end}…`] })).join('')).toBe(e2e.greedy_text);
  });

  it('ends where the positions of the model end', async () => {
    const length = tokenizer.encode(prompt, { addSpecialTokens: false }).length;
    const maximumPositions = length + 5;
    const short = await Decoder.load(folder, { ...quiet, maximumPositions });
    const cache = short.createCache();
    const options = { maxNewTokens: 24, addSpecialTokens: false };
    let text = '';
    for await (const piece of completeText(short, tokenizer, cache, prompt, options)) text += piece;
    expect(e2e.greedy_text.startsWith(text.replace(/\ufffd$/, ''))).toBe(true);
    expect(cache.seen).toBe(maximumPositions);
    await short.release();
  });

  it('tells every token that it reads and writes', async () => {
    const read = tokenizer.encode(prompt, { addSpecialTokens: false });
    const told: number[] = [];
    await complete({ onToken: (id) => told.push(id) });
    expect(told).toEqual([...read, ...e2e.greedy_ids]);
  });

  it.each([0, -1, 1.5, Number.NaN, undefined])('refuses %s as a limit', async (limit) => {
    const maxNewTokens = limit as number;
    await expect(complete({ maxNewTokens })).rejects.toThrow('maxNewTokens');
  });

  it('counts tokens and can be stopped', async () => {
    const cache = decoder.createCache();
    const options = { maxNewTokens: 3, addSpecialTokens: false };
    for await (const _ of completeText(decoder, tokenizer, cache, prompt, options));
    // The last token written is not read again.
    expect(cache.seen).toBe(tokenizer.encode(prompt, { addSpecialTokens: false }).length + 2);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(complete({ signal })).rejects.toThrow('enough');
  });
});
