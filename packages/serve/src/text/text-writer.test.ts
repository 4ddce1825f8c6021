import type { ChoiceRules, Tokenizer } from '@namm/decoder';
import { expect, it } from 'vitest';
import { TextWriter } from './text-writer.js';

const rules: ChoiceRules = {
  ...{ endIds: [], sampling: { temperature: 0 }, logitBias: new Map(), forbiddenSequences: [] },
  ...{ minNewTokens: 0, minTokens: 0, forcedFirstId: null, forcedLastIds: [] },
  ...{ suppressedIds: [], suppressedFirstIds: [], repetitionPenalty: 1, noRepeatNgramSize: 0 },
} as never;

/** Holds its text back until it ends, as where spaces before punctuation may yet be tidied up. */
const tokenizer = {
  generation: { stop: [] },
  isSpecial: () => false,
  stream: () => ({ push: () => '', end: () => 'one END two' }),
} as unknown as Tokenizer;

it.each([
  ['END', 'stop', 'one '],
  ['three', 'length', 'one END two'],
] as const)('says of %j in what was held back until the limit: %s', (stop, finish, text) => {
  let given = '';
  const writer = new TextWriter({
    ...{ tokenizer, rules, seed: 0, prompt: [1], limit: 1, stop: [stop], constraint: null },
    ...{ logprobs: null, shown: new Set<string>(), onPiece: (piece) => (given += piece) },
  });
  expect(writer.next(Float32Array.of(0, 1))).toBeNull();
  expect(writer.finish).toBe(finish);
  expect(given).toBe(text);
});
