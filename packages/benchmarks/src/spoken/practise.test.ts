import { Random } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { practiceFamily, practiceKinds } from './practice-family.js';
import { practise } from './practise.js';
import { plainFrame } from './prompt-frame.js';
import { spokenFamilies } from './spoken-families.js';

/** Words and blanks as tokens, numbered as they come. */
function wordTokenizer() {
  const words: string[] = [];
  return {
    chatTemplates: [],
    applyChatTemplate: () => '',
    encode: (text: string) =>
      (text.match(/\s?[^\s]+|\s/g) ?? []).map((word) => {
        if (!words.includes(word)) words.push(word);
        return words.indexOf(word);
      }),
    decode: (ids: Iterable<number>) => Array.from(ids, (id) => words[id]).join(''),
  };
}

const prose = Array.from(
  { length: 60 },
  (_, i) => `It was the ${i}th evening, and the traveller went on. Nobody spoke.`,
).join(' ');

describe('practise', () => {
  it('hides facts in text and asks for them, within the length of the passage', () => {
    const tokenizer = wordTokenizer();
    const ids = Int32Array.from(tokenizer.encode(prose));
    const passages = [
      { ids, isHeldOut: false },
      { ids, isHeldOut: true },
      { ids: ids.subarray(0, 100), isHeldOut: false },
    ];
    const [first, second, short] = practise(passages, { tokenizer, seed: 3 });
    expect(short).toBe(passages[2]);
    expect(second).toMatchObject({ isHeldOut: true });
    expect(first!.ids).not.toEqual(second!.ids);
    expect(practise(passages, { tokenizer, seed: 3 })[0]).toEqual(first);
    const { asked } = first as { readonly asked: Int32Array };
    expect(first!.ids.length + asked.length).toBeLessThanOrEqual(ids.length);
    const facts = Math.floor(ids.length / 110);
    expect(tokenizer.decode(asked).match(/Question:/g)).toHaveLength(facts);
    expect(tokenizer.decode(first!.ids)).toContain('the traveller went on');
    // The last word of each answer stands in the text.
    const answers = tokenizer.decode(asked).match(/(\w+)\.(?=\n|$)/g)!;
    expect(answers).toHaveLength(facts);
    for (const answer of answers) {
      expect(tokenizer.decode(first!.ids)).toContain(answer.slice(0, -1));
    }
  });

  it('knows kinds of facts that no question of a comparison asks for', () => {
    const draw = (family: ReturnType<typeof practiceFamily>, seed: number, count: number) =>
      family
        .plan(new Random(seed), { facts: count, questions: count, stale: 0 })
        .questions.map(({ text, answer }) => ({ text, answer }));
    const plain = (text: string) => text.replace(/[A-Z]\w+|\d+/g, '').replace(/\b\w{0,3}\b/g, '');
    const practice = draw(practiceFamily(plainFrame), 1, practiceKinds);
    expect(new Set(practice.map(({ text }) => plain(text))).size).toBeGreaterThan(
      practiceKinds / 2,
    );
    const other = [1, 2, 3].flatMap((seed) =>
      spokenFamilies(plainFrame).flatMap((family) => draw(family, seed, 3)),
    );
    const mine = [1, 2, 3, 4].flatMap((seed) => draw(practiceFamily(plainFrame), seed, 13));
    for (const { text, answer } of other) {
      expect(mine.map((each) => plain(each.text))).not.toContain(plain(text));
      if (!/\d/.test(answer)) expect(mine.map((each) => each.answer)).not.toContain(answer);
    }
  });
});
