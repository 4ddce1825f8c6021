import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { WordTokenizer } from '../../test/recall-model.js';
import { testFiller } from '../../test/test-filler.js';
import { taskFamilies, taskFamily } from '../task-families.js';
import { tablePrompt } from './table-prompt.js';

const promptOf = (placement: 'last' | 'first' | 'seen' | 'unseen', family = 'key-value') =>
  tablePrompt({
    ...{ length: 256, split: 'test', seed: 3, index: 0, placement, updateInterval: 32 },
    family: taskFamily(family),
    filler: testFiller,
    tokenizer: new WordTokenizer(),
  });

describe('tablePrompt', () => {
  it.each(taskFamilies.map(({ name }) => name))(
    'puts the announcement of %s behind an update, or an update behind it',
    (family) => {
      const unseen = promptOf('unseen', family);
      const seen = promptOf('seen', family);
      const announced = unseen.prepared.context.length % 32;
      expect(seen.prepared.context.length % 32).toBe(0);
      expect(announced).toBeGreaterThan(0);
      for (const { prepared, roles } of [seen, unseen]) {
        expect(roles).toHaveLength(prepared.context.length + prepared.tail.length);
        expect(roles.length).toBeLessThanOrEqual(256);
        const before = roles.slice(prepared.context.length - announced, prepared.context.length);
        if (announced < 32)
          expect(new Set(before.map(({ kind }) => kind))).toEqual(new Set(['question']));
        expect(roles[prepared.context.length - 1]!.kind).toBe('question');
      }
      // The same text but for the filler that was dropped: nothing planted is lost.
      const planted = (prompt: typeof seen) =>
        prompt.roles.filter(({ kind }) => kind !== 'filler').length;
      expect(planted(seen)).toBe(planted(unseen));
      expect(seen.prepared.tail).toEqual(unseen.prepared.tail);
      expect(seen.prepared.tail).toEqual(promptOf('last', family).prepared.tail);
    },
  );

  it('tells prompts apart by their digest, and makes the same one again', () => {
    const digests = (['last', 'first', 'seen', 'unseen'] as const).map((p) => promptOf(p).digest);
    expect(new Set(digests).size).toBe(4);
    expect(promptOf('last').digest).toBe(digests[0]);
  });

  it('refuses an interval that the filler cannot fill up to', () => {
    const options = { length: 128, split: 'test', seed: 3, index: 0, placement: 'seen' } as const;
    const make = () =>
      tablePrompt({
        ...options,
        ...{ updateInterval: 1024, family: taskFamily('key-value') },
        ...{ filler: testFiller, tokenizer: new WordTokenizer() },
      });
    expect(make).toThrow(InvalidArgumentError);
  });
});
