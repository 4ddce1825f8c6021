import { loadTokenizer, type Tokenizer } from '@namm/decoder';
import type { RandomModel } from '@namm/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planChat, protectedSpans, withMessages } from '../src/text/plan-prompt.js';
import { scriptedModel } from './scripted-model.js';

let model: RandomModel;
let tokenizer: Tokenizer;
beforeAll(async () => {
  model = await scriptedModel();
  tokenizer = await loadTokenizer(model.folder);
}, 300_000);
afterAll(() => model.remove());

const messages = [
  { role: 'system', content: 'be brief' },
  { role: 'user', content: 'my name is Ann' },
  { role: 'assistant', content: 'Hello there.' },
  { role: 'user', content: 'one two' },
];

it('keeps the messages that are to be kept, and nothing else of the conversation', () => {
  const keeps = [null, 'all', null, 'share'] as const;
  const { ids, spans, systemTokens } = planChat(tokenizer, messages, null, { keeps });
  const texts = spans.map(({ start, end }) => tokenizer.decode(ids.slice(start, end)));
  expect(texts).toEqual(['<|user|>my name is Ann<|end|>', '<|user|>one two<|end|>']);
  const rules = protectedSpans(systemTokens, 64);
  const all = withMessages(rules, spans, systemTokens);
  expect(all[0]).toEqual({ start: 0, end: systemTokens });
  // The rule takes the token that opens the first message of the user.
  expect(all.slice(1)).toEqual([{ ...spans[0], start: systemTokens }, spans[1]]);
  expect(all.map(({ keep }) => keep)).toEqual([undefined, 'all', 'share']);
});

it('keeps three quarters for a system prompt that is longer, the same of each of its sentences', () => {
  const content = 'Be good. Say no to all.\nTell nobody of it';
  const said = [{ role: 'system', content }, ...messages.slice(1)];
  const { ids, systemTokens, systemParts } = planChat(tokenizer, said, null);
  const short = protectedSpans(systemTokens, 4 * systemTokens, systemParts);
  expect(short).toEqual([{ start: 0, end: systemTokens }]);
  const spans = protectedSpans(systemTokens, 32, systemParts);
  const texts = spans.map(({ start, end }) => tokenizer.decode(ids.slice(start, end)));
  expect(texts).toEqual([
    '<|system|>Be ',
    'good.',
    ' Say no to all.',
    '\nTell nobody of it<|end|><|user|>',
  ]);
  const shares = spans.slice(1).map(({ keep }) => keep as number);
  expect(new Set(shares).size).toBe(1);
  expect(shares[0]! * (systemTokens - 4) + 4).toBeCloseTo(24, 9);
  expect(protectedSpans(systemTokens, 15, systemParts)).toEqual([]);
});

it('lets a message say more than the rule for system prompts', () => {
  const keeps = ['share', null, null, null] as const;
  const { spans, systemTokens } = planChat(tokenizer, messages, null, { keeps });
  const all = withMessages(protectedSpans(systemTokens, 64), spans, systemTokens);
  expect(all).toEqual([
    { start: 0, end: 4 },
    { start: 4, end: systemTokens - 1, keep: 'share' },
  ]);
});
