import { InvalidArgumentError } from '@namm/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chineseWords } from './chinese-words.js';
import { longBenchMetrics } from './longbench-metrics.js';
import { allQuirks, noQuirks, parseQuirks } from './quirks.js';
import { rougePackage } from './rouge-l.js';
import {
  type InfiniteBenchLabel,
  OfficialScorerError,
  scoreInfiniteBench,
} from './score-infinitebench.js';
import { scoreLongBench } from './score-longbench.js';
import { choiceOfLongBenchV2, scoreLongBenchV2 } from './score-longbench-v2.js';
import { scoreRuler } from './score-ruler.js';
import { sequenceRatio } from './sequence-ratio.js';

const context = { quirks: allQuirks, words: chineseWords };
const strict = { quirks: noQuirks, words: chineseWords };

/** Recorded from the official programs: prediction, answer, official score, strict score where it says more. */
type Rows = readonly (readonly [string, string, number, number?])[];

function check(metric: keyof typeof longBenchMetrics, rows: Rows) {
  for (const [prediction, answer, official, sane] of rows) {
    const name = JSON.stringify([prediction.slice(0, 40), answer.slice(0, 40)]);
    expect(longBenchMetrics[metric](prediction, answer, context), name).toBeCloseTo(official, 12);
    if (sane === undefined) continue;
    expect(longBenchMetrics[metric](prediction, answer, strict), name).toBeCloseTo(sane, 12);
  }
}

describe('scoreLongBench', () => {
  it('counts ROUGE-L as python rouge 1.0.1', () => {
    check('rouge_score', [
      ['', 'the cat', 0, 0],
      [' ', 'the cat', 0, 0],
      ['...', 'the cat', 0, 0],
      ['the cat sat', 'the cat sat', 0.999999995, 1],
      ['the cat sat.', 'the cat sat', 0.999999995, 1],
      ['the cat, sat', 'the cat sat', 0.6666666616666668, 1],
      ['The cat', 'the cat', 0.4999999950000001, 1],
      [Array(10).fill('cat').join(' '), 'cat dog', 0.6666666622222223, 2 / 12],
      ['a b c d', 'a b x d', 0.749999995, 0.75],
      ['three four. one two', 'one two. three four', 0.999999995, 0.5],
      ['three four, one two', 'one two, three four', 0.24999999500000009, 0.5],
      ['1. one 2. two', 'one two', 0.6666666622222223],
      ['北京是中国的首都', '北京是中国首都', 0],
      ['北京是中国的首都', '北京是中国的首都', 0.999999995],
    ]);
    check('rouge_zh_score', [
      ['北京是中国的首都', '北京是中国首都', 0.8888888839506174],
      ['北京。上海', '上海。北京', 0.3333333283333334],
    ]);
  });

  it('overflows as the stack of Python does, with that quirk alone', () => {
    const words = (count: number, of: string) =>
      Array.from({ length: count }, (_, i) => `${of}${i}`).join(' ');
    const equal = (count: number) => rougePackage(words(count, 'w'), words(count, 'w')).overflowed;
    expect([equal(991), equal(992)]).toEqual([false, true]);
    const oneShared = (count: number) =>
      rougePackage(`x ${words(399, 'a')}`, `x ${words(count - 1, 'b')}`).overflowed;
    expect([oneShared(500), oneShared(600)]).toEqual([false, true]);
    const text = words(1200, 'w');
    const reference = { answers: [text] };
    expect(scoreLongBench('gov_report', text, reference)).toBe(0);
    const quirks = parseQuirks('rouge-unique-words');
    expect(scoreLongBench('gov_report', text, reference, { quirks })).toBeCloseTo(1, 7);
  });

  it('compares code as fuzzywuzzy on difflib', () => {
    check('code_sim_score', [
      ['private int a;', 'private int b;', 0.93, 26 / 28],
      ['foo(bar)', 'baz(qux)', 0.38],
      ['abc', 'xaybzc', 0.67],
      ['return x', 'return x + 1', 0.8],
      ['', '', 1],
      ['x = a // b', 'x = a // b', 0, 1],
      ['#include <a.h>', '#include <a.h>', 0, 1],
      ['# note\nx = 1', 'x = 1', 1],
      ['   \nx = 1', 'x = 1', 0.5, 1],
      ['x = 1', '    x = 1', 0.71],
      ['x=1;'.repeat(60), 'y=1;'.repeat(51), 0],
    ]);
    expect(sequenceRatio('x=1;'.repeat(60), 'y=1;'.repeat(51), false)).toBeGreaterThan(0.6);
  });

  it('finds blocks as an exhaustive search does', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '𝒳'), maxLength: 12 });
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        expect(sequenceRatio(a, b)).toBeCloseTo(slowRatio([...a], [...b]), 12);
      }),
    );
  });

  it('counts F1 as the official program', () => {
    check('qa_f1_score', [
      ['The answer: Paris!', 'Paris', 0.6666666666666666],
      ['U.S.A.', 'USA', 1],
      ['well-known', 'well known', 0],
      ['3.14', '314', 1],
      ['yes yes yes', 'yes', 0.5],
      ["don't", 'dont', 1],
      ['“Paris”', 'Paris', 0, 1],
      ['', '', 0],
      ['A', 'the', 0],
      ['ça', 'ça', 1],
      ['el año', 'año', 2 / 3],
      ['Paris\u{feff}', 'Paris', 0],
      ['Paris\u{85}Rome', 'Paris', 2 / 3],
    ]);
    check('qa_f1_zh_score', [
      ['北京是中国的首都', '中国的首都是北京', 1],
      ['北京', '北京市', 0],
      ['３', '3', 0, 1],
    ]);
  });

  it('strikes classes out as the official program, skips included', () => {
    const score = (prediction: string, answer: string, classes: string[], quirks = allQuirks) =>
      longBenchMetrics.classification_score(prediction, answer, {
        quirks,
        classes,
        words: chineseWords,
      });
    expect(score('abcd', 'abcd', ['a', 'ab', 'abc', 'abcd'])).toBe(0.5);
    expect(score('abcd', 'abcd', ['abcd', 'a', 'ab', 'abc'])).toBe(0.5);
    expect(score('abcd', 'abcd', ['a', 'b', 'c', 'd', 'abcd'])).toBeCloseTo(1 / 3, 12);
    expect(score('abcd', 'abcd', ['a', 'b', 'c', 'd', 'abcd'], noQuirks)).toBe(1);
    expect(score('Sports and Art', 'Sports', ['Sports', 'Art'])).toBe(0.5);
    expect(score('Date of birth', 'Date', ['Date', 'Date of birth'])).toBe(0.5);
    expect(score('Date of birth', 'Date', ['Date', 'Date of birth'], noQuirks)).toBe(0);
    expect(score('Date', 'Date of birth', ['Date', 'Date of birth'])).toBe(0);
    expect(score('sports', 'Sports', ['Sports'])).toBe(0);
    const reference = { answers: ['Sports'], classes: ['Sports'] };
    expect(scoreLongBench('trec', '\nSports\nArt', reference)).toBe(1);
    expect(scoreLongBench('trec', ' \nSports', reference)).toBe(0);
    expect(scoreLongBench('trec', ' \nSports', reference, { quirks: noQuirks })).toBe(1);
    expect(() => scoreLongBench('trec', 'Sports', { answers: ['Sports'] })).toThrow(/classes/);
  });

  it('counts numbers', () => {
    check('count_score', [
      ['There are 5 of 30, so 5', '5', 2 / 3],
      ['5.0', '5', 0.5],
      ['-5', '5', 1],
      ['05', '5', 0, 1],
      ['five', '5', 0],
      ['５', '5', 0, 1],
    ]);
    check('retrieval_score', [
      ['Paragraph 3 of 30', 'Paragraph 3', 0.5],
      ['3', 'Paragraph 3', 1],
    ]);
    check('retrieval_zh_score', [['段落3', '段落3', 1]]);
  });

  it('scores ChouBun on words that are given', () => {
    const words = (text: string) => text.split('|');
    const reference = { answers: ['東京|です'] };
    expect(scoreLongBench('wiki_qa', '東京|だ', reference, { words })).toBe(0.5);
    expect(scoreLongBench('corp_sec_sum', '東京|です', reference, { words })).toBe(0.999999995);
    expect(scoreLongBench('wiki_qa', '東京', { answers: ['東京'] })).toBe(1);
  });

  it('names tasks and quirks that there are not', () => {
    expect(() => scoreLongBench('hotpot', '', { answers: [] })).toThrow(InvalidArgumentError);
    expect(() => parseQuirks('substrings')).toThrow(/Did you mean substring\?/);
    expect(parseQuirks('strict').size).toBe(0);
    expect(parseQuirks('official')).toBe(allQuirks);
  });
});

describe('chineseWords', () => {
  it('cuts Latin runs as Python’s jieba does', () => {
    expect(chineseWords('在5k-15k之间，GPT-3.5-Turbo-16k')).toEqual([
      ...['在', '5k', '-', '15k', '之间', '，', 'GPT', '-', '3.5', '-', 'Turbo', '-', '16k'],
    ]);
  });
});

describe('scoreInfiniteBench', () => {
  const score = (task: string, prediction: string, label: InfiniteBenchLabel) =>
    scoreInfiniteBench(task, prediction, label);
  const sane = (task: string, prediction: string, label: InfiniteBenchLabel) =>
    scoreInfiniteBench(task, prediction, label, { quirks: noQuirks });

  it('compares the first digits as text', () => {
    for (const text of ['In part 2: 71432', '071432', '71,432']) {
      expect(score('passkey', text, '71432'), text).toBe(0);
    }
    expect(score('passkey', 'It is 71432.', ['71432'])).toBe(1);
    expect(sane('passkey', 'In part 2: 71432', '71432')).toBe(1);
    expect(sane('passkey', '71,432', '71432')).toBe(1);
    expect(sane('number_string', '071432', '71432')).toBe(0);
  });

  it('finds values as the official words', () => {
    const value = '783646bf-1cc6';
    expect(score('kv_retrieval', `"${value}"`, value)).toBe(1);
    expect(score('kv_retrieval', `${value};`, value)).toBe(0);
    expect(score('kv_retrieval', `[${value}]`, value)).toBe(0);
    expect(score('kv_retrieval', value.toUpperCase(), value)).toBe(0);
    for (const text of [`${value};`, `[${value}]`])
      expect(sane('kv_retrieval', text, value)).toBe(1);
    expect(sane('kv_retrieval', `${value}-9`, value)).toBe(0);
    expect(score('kv_retrieval', value, [value])).toBe(0);
    expect(sane('kv_retrieval', value, [value])).toBe(1);
  });

  it('reads the last word as int() does', () => {
    expect(score('code_run', '-5', -5)).toBe(1);
    expect(score('code_run', 'The return value is: -5.', -5)).toBe(1);
    expect(score('code_run', '5 is the value', 5)).toBe(0);
    expect(score('code_run', '5.0', 5)).toBe(0);
    expect(score('code_run', '5.0', 0)).toBe(1);
    expect(score('code_run', '1,000', 1000)).toBe(0);
    expect(score('code_run', '1_000', 1000)).toBe(1);
    expect(score('code_run', '**5**', 5)).toBe(0);
    expect(score('code_run', '- 5', -5)).toBe(0);
    expect(score('code_run', '𝟡', 9)).toBe(1);
    expect(score('code_run', '0'.repeat(4300), 0)).toBe(1);
    expect(score('code_run', '0'.repeat(4301), 0)).toBe(0);
    for (const text of ['**5**', '5 is the value', '5.0'])
      expect(sane('code_run', text, 5)).toBe(1);
  });

  it('reads letters where the official program looks', () => {
    const label = ['foo', 'B'];
    const rows: [string, number, number][] = [
      ['B. foo', 1, 1],
      ['B', 0, 1],
      ['B)', 0, 1],
      ['The answer is: B', 1, 1],
      ['The answer is B', 0, 1],
      ['answer: **B**', 1, 1],
      ['answer: Because', 1, 0],
    ];
    for (const [text, official, strictly] of rows) {
      expect(score('code_debug', text, label), text).toBe(official);
      expect(sane('code_debug', text, label), text).toBe(strictly);
    }
    const choices: [string, number][] = [
      ['B', 1],
      ['Because of him: C', 1],
      ['A good question. The answer is B', 0],
      ['answer is Belgium', 1],
      ['option B', 1],
      ['b', 0],
    ];
    for (const [text, official] of choices) {
      expect(score('longbook_choice_eng', text, ['old stove', 'B']), text).toBe(official);
    }
    expect(sane('longbook_choice_eng', 'Because of him: C', ['old stove', 'B'])).toBe(0);
    expect(
      sane('longbook_choice_eng', 'A good question. The answer is B', ['old stove', 'B']),
    ).toBe(1);
  });

  it('counts numbers, and ends where the official program ends', () => {
    expect(score('math_find', '-7', 7)).toBe(1);
    expect(sane('math_find', '-7', 7)).toBe(0);
    expect(score('math_find', 'the 2nd largest is 7', 7)).toBe(0);
    expect(() => score('math_find', '7.5', 7)).toThrow(OfficialScorerError);
    expect(score('math_find', '7.5', '7.0')).toBe(0);
    expect(score('math_find', '7', '7.0')).toBe(1);
    expect(sane('math_find', '7.5', 7)).toBe(0);
    expect(score('math_calc', '[1, 3, 4]', [1, 3, -1])).toBeCloseTo(2 / 3, 12);
    expect(score('math_calc', '[1, 3, 4, 9, 9]', [1, 3, 4])).toBe(1);
    expect(sane('math_calc', '[1, 3, -1]', [1, 3, -1])).toBe(1);
    expect(score('math_find', '9007199254740993', '9007199254740993')).toBe(1);
    expect(score('math_find', '9007199254740992', '9007199254740993')).toBe(0);
    const long = '1'.repeat(4301);
    expect(() => score('math_find', long, 7)).toThrow(/no number of 4301 digits/);
    expect(() => score('math_calc', `1 ${long}`, [1])).toThrow(OfficialScorerError);
    expect(sane('math_calc', `1 ${long}`, [1])).toBe(0.5);
    expect(() => score('math_calc', '1', 1)).toThrow(/is not a list/);
    const gpt = { modelName: 'gpt4' };
    expect(scoreInfiniteBench('math_calc', '[9, 1, 3]', [1, 3], gpt)).toBe(1);
  });

  it('compares books and dialogues', () => {
    expect(score('longdialogue_qa_eng', 'It was alder, I think', ['ALDER'])).toBe(1);
    expect(score('longdialogue_qa_eng', 'ACE ROTHSTEIN', ['ACE ROTHSTEIN'])).toBe(0);
    expect(sane('longdialogue_qa_eng', 'Ace Rothstein', ['ACE ROTHSTEIN'])).toBe(1);
    expect(score('longdialogue_qa_eng', 'alder', 'ALDER')).toBe(0); // a text: its first letter
    expect(sane('longdialogue_qa_eng', 'alder', 'ALDER')).toBe(1);
    expect(score('longbook_qa_chn', '北京市', ['北京'])).toBeCloseTo(0.8, 12);
    expect(score('longbook_qa_chn', '京北', ['北京'])).toBe(1);
    expect(score('longbook_qa_eng', 'b', 'abc')).toBe(1); // the label is read letter by letter
    expect(sane('longbook_qa_eng', 'b', 'abc')).toBe(0);
    expect(score('longbook_sum_eng', 'two cats\none dog', 'one dog\ntwo cats')).toBe(1);
    expect(score('longbook_sum_eng', 'two cats. one dog.', 'one dog. two cats.')).toBe(0.5);
    expect(score('longbook_sum_eng', '北京', '北京')).toBe(0);
  });
});

describe('scoreRuler', () => {
  it('finds references anywhere, or as words', () => {
    expect(scoreRuler('all', 'one TWO', ['one', 'two', 'three', 'four'])).toBe(0.5);
    expect(scoreRuler('all', 'The party', ['art'])).toBe(1);
    expect(scoreRuler('all', 'The party', ['art'], noQuirks)).toBe(0);
    expect(scoreRuler('all', '12345678', ['1234567'])).toBe(1);
    expect(scoreRuler('all', '1,234,567', ['1234567'])).toBe(0);
    expect(scoreRuler('all', 'a', ['a', 'a', 'b'])).toBeCloseTo(2 / 3, 12);
    expect(scoreRuler('part', 'x', ['y', 'X'])).toBe(1);
    expect(scoreRuler('part', 'x', ['y'])).toBe(0);
    expect(scoreRuler('all', 'a\u0000b', ['a\nb'])).toBe(1);
  });
});

describe('scoreLongBenchV2', () => {
  it('reads the phrase that the prompt asks for', () => {
    expect(scoreLongBenchV2('**The correct answer is (B)**', 'B')).toBe(1);
    expect(scoreLongBenchV2('The correct answer is B', 'B')).toBe(1);
    expect(choiceOfLongBenchV2('the answer is (B).')).toBe(null);
    expect(choiceOfLongBenchV2('the answer is (B).', noQuirks)).toBe('B');
    expect(choiceOfLongBenchV2('Both, perhaps', noQuirks)).toBe(null);
  });
});

/** `difflib` by trying every block. */
function slowRatio(a: readonly string[], b: readonly string[]): number {
  const matched = (x: readonly string[], y: readonly string[]): number => {
    let best = { i: 0, j: 0, size: 0 };
    for (let i = 0; i < x.length; i++) {
      for (let j = 0; j < y.length; j++) {
        let size = 0;
        while (i + size < x.length && j + size < y.length && x[i + size] === y[j + size]) size++;
        if (size > best.size) best = { i, j, size };
      }
    }
    const { i, j, size } = best;
    if (size === 0) return 0;
    const after = matched(x.slice(i + size), y.slice(j + size));
    return size + matched(x.slice(0, i), y.slice(0, j)) + after;
  };
  return a.length + b.length === 0 ? 1 : (2 * matched(a, b)) / (a.length + b.length);
}
