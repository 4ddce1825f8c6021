import { InvalidArgumentError, type Random } from '@namm/core';
import { formatPrompt, questionOf } from '../data/format-prompt.js';
import type { RulerSources } from './ruler-sources.js';
import type { NeedleKind, RulerTask } from './ruler-tasks.js';
import type { RulerWording } from './ruler-wording.js';

/** A prompt without the beginning of its answer, that beginning, and what a right answer contains. */
export interface BuiltSample {
  readonly input: string;
  /** The end of the input, behind its context. */
  readonly question: string;
  readonly answerPrefix: string;
  readonly outputs: readonly string[];
}

/** What samples are built from. */
export interface SampleParts {
  readonly sources: RulerSources;
  readonly wording: RulerWording;
  /** Tokens that the prompt and its answer may have: short ones repeat words less often. */
  readonly length: number;
  /** Those of them that a chat template takes. */
  readonly templateTokens: number;
  /** Number of the sample: which question is asked. */
  readonly index: number;
  /** Where in an essay a single needle lies, 0 to 100; left out for one of forty depths at random. */
  readonly depth?: number;
  /** Lines of noise in the example of vt. @defaultValue the fewest that hold its chain */
  readonly exampleLines?: number;
}

/**
 * A sample whose haystack has a given size: words of the essay, sentences, words of a list, documents. The same random
 * numbers hide the same things in a larger haystack.
 */
export function buildSample(
  task: RulerTask,
  size: number,
  random: Random,
  parts: SampleParts,
): BuiltSample {
  switch (task.kind) {
    case 'niah':
      return needles(task, size, random, parts);
    case 'vt':
      return variables(task, size, random, parts);
    case 'cwe':
      return commonWords(task, size, random, parts);
    case 'fwe':
      return frequentWords(task, size, random, parts);
    case 'qa':
      return documents(task, size, random, parts);
  }
}

/** The smallest haystack that holds what is hidden in it. */
export function smallestSize(task: RulerTask): number {
  switch (task.kind) {
    case 'niah':
      return task.haystack === 'essay' ? 1 : Math.max(1, task.keyCount * task.valueCount);
    case 'vt':
      return task.chains * (task.hops + 1);
    case 'cwe':
      return task.common + 1;
    case 'fwe':
      return 60; // from 53 on the third word comes more often than the fourth
    case 'qa':
      return 1;
  }
}

/** The largest haystack that there is material for. */
export function largestSize(task: RulerTask, { words, squad, hotpotqa }: RulerSources): number {
  if (task.kind === 'cwe') return words.length;
  if (task.kind !== 'qa') return Number.POSITIVE_INFINITY;
  return (task.questions === 'squad' ? squad : hotpotqa)?.documents.length ?? 1;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integer(items.length)]!;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** Different numbers below a bound, in random order. */
function distinct(count: number, bound: number, random: Random): number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.integer(bound));
  return [...chosen];
}

function letters(count: number, first: 'a' | 'A', random: Random): string {
  return String.fromCharCode(
    ...Array.from({ length: count }, () => first.charCodeAt(0) + random.integer(26)),
  );
}

function needleText(kind: NeedleKind, random: Random, words: readonly string[]): string {
  if (kind === 'numbers') return String(1_000_000 + random.integer(9_000_000));
  if (kind === 'words') return `${pick(words, random)}-${pick(words, random)}`;
  const hex = Array.from({ length: 32 }, () => random.integer(16).toString(16));
  hex[12] = '4';
  hex[16] = (8 + random.integer(4)).toString(16);
  const text = hex.join('');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([start, end]) => text.slice(start, end))
    .join('-');
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });
/** Needles lie at forty depths, evenly from the beginning to the end. */
const depths = Array.from({ length: 40 }, (_, i) => Math.round((100 * i) / 39));

function needles(
  task: Extract<RulerTask, { kind: 'niah' }>,
  size: number,
  random: Random,
  { sources, wording, depth }: SampleParts,
): BuiltSample {
  const { keyCount, valueCount, queryCount } = task;
  const sentence = (key: string, value: string) =>
    formatPrompt(wording.needle, { type_needle_v: task.values, key, value }, wording.name);
  const make = (kind: NeedleKind) => needleText(kind, random, sources.words);
  const keys = new Set<string>();
  while (keys.size < keyCount) keys.add(make(task.keys));
  const planted = [...keys].map((key) => {
    return { key, values: Array.from({ length: valueCount }, () => make(task.values)) };
  });
  const hidden = shuffled(
    planted.flatMap(({ key, values }) => values.map((value) => sentence(key, value))),
    random,
  );
  const asked = distinct(queryCount, keyCount, random).map((i) => planted[i]!);

  let context: string;
  if (task.haystack === 'essay') {
    const { essay } = sources;
    const words = Array.from({ length: size }, (_, i) => essay[i % essay.length]!);
    const own = Array.from(sentences.segment(words.join(' ')), ({ segment }) => segment.trim());
    const chosen =
      depth === undefined
        ? distinct(hidden.length, depths.length, random).map((i) => depths[i]!)
        : hidden.map(() => depth);
    const places = chosen
      .map((each) => Math.floor((own.length * each) / 100))
      .sort((a, b) => a - b);
    const pieces: string[] = [];
    for (const [i, place] of places.entries()) {
      pieces.push(...own.slice(places[i - 1] ?? 0, place), hidden[i]!);
    }
    context = [...pieces, ...own.slice(places.at(-1)!)].join(' ');
  } else {
    const isNoise = task.haystack === 'noise';
    const lines = Array.from({ length: size }, () =>
      isNoise ? wording.noise : sentence(make(task.keys), make(task.values)),
    );
    const places = distinct(hidden.length, size, random).sort((a, b) => b - a);
    for (const [i, place] of places.entries()) lines.splice(place, 0, hidden[i]!);
    context = lines.join('\n');
  }

  const names = asked.map(({ key }) => key);
  const query =
    names.length > 1 ? `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}` : names[0]!;
  const isOne = queryCount * valueCount === 1;
  const type = isOne ? task.values.slice(0, -1) : task.values;
  const inNumber = (text: string) =>
    isOne ? wording.singular.reduce((rest, [from, to]) => rest.replaceAll(from, to), text) : text;
  const filled = { type_needle_v: type, context, query };
  const fill = (text: string) => formatPrompt(inNumber(text), filled, wording.name);
  const { template, answerPrefix } = wording.prompts.niah;
  return {
    input: fill(template),
    question: questionOf(inNumber(template), filled, wording.name),
    answerPrefix: fill(answerPrefix),
    outputs: asked.flatMap(({ values }) => values),
  };
}

function variables(
  task: Extract<RulerTask, { kind: 'vt' }>,
  size: number,
  random: Random,
  { wording, exampleLines = smallestSize(task) }: SampleParts,
): BuiltSample {
  const example = assignments(task, { lines: exampleLines, nameLength: 3 }, random, wording);
  const asked = assignments(task, { lines: size, nameLength: 5 }, random, wording);
  const shown = `${example.input}${example.answerPrefix} ${example.outputs.join(' ')}\n\n`;
  return { ...asked, input: `${shown}${asked.input}` };
}

/** A chain of assignments among lines of noise, and the question who has its value. */
export function assignments(
  task: Extract<RulerTask, { kind: 'vt' }>,
  { lines, nameLength }: { readonly lines: number; readonly nameLength: number },
  random: Random,
  wording: RulerWording,
): BuiltSample {
  const { template, answerPrefix } = wording.prompts.vt;
  const names = new Set<string>();
  while (names.size < task.chains * (task.hops + 1)) names.add(letters(nameLength, 'A', random));
  const all = [...names];
  const noise = Array.from({ length: lines }, () => wording.noise);
  let value = '';
  for (let chain = 0; chain < task.chains; chain++) {
    const own = all.slice(chain * (task.hops + 1), (chain + 1) * (task.hops + 1));
    const number = String(10_000 + random.integer(89_999));
    if (chain === 0) value = number;
    const steps = own.map((name, i) =>
      i === 0 ? `VAR ${name} = ${number}` : `VAR ${name} = VAR ${own[i - 1]} `,
    );
    const places = distinct(steps.length, noise.length, random).sort((a, b) => a - b);
    for (const [i, place] of places.entries()) noise.splice(place + i, 0, steps[i]!);
  }
  const context = noise.join('\n').replaceAll('. \n', '.\n');
  const fields = { context, query: value, num_v: String(task.hops + 1) };
  return {
    input: formatPrompt(template, fields, wording.name),
    question: questionOf(template, fields, wording.name),
    answerPrefix: formatPrompt(answerPrefix, fields, wording.name),
    outputs: all.slice(0, task.hops + 1),
  };
}

function commonWords(
  task: Extract<RulerTask, { kind: 'cwe' }>,
  size: number,
  random: Random,
  { sources, wording, length }: SampleParts,
): BuiltSample {
  const { template, answerPrefix } = wording.prompts.cwe;
  const numbered = (words: readonly string[]) =>
    words.map((word, i) => `${i + 1}. ${word}`).join(' ');
  const one = (count: number, commonRepeats: number, otherRepeats: number) => {
    if (count > sources.words.length) {
      const problem = `${count} different words are needed for this length, and there are ${sources.words.length}; add a longer word list`;
      throw new InvalidArgumentError('words', problem);
    }
    const chosen = distinct(count, sources.words.length, random).map((i) => sources.words[i]!);
    const common = chosen.slice(0, task.common);
    const list = [
      ...Array.from({ length: commonRepeats }, () => common).flat(),
      ...Array.from({ length: otherRepeats }, () => chosen.slice(task.common)).flat(),
    ];
    const fields = {
      context: numbered(shuffled(list, random)),
      query: '',
      num_cw: String(task.common),
    };
    return {
      input: formatPrompt(template, fields, wording.name),
      question: questionOf(template, fields, wording.name),
      answerPrefix: formatPrompt(answerPrefix, fields, wording.name),
      outputs: common,
    };
  };
  const isShort = length < 4096;
  const example = isShort ? one(20, 3, 1) : one(40, 10, 3);
  const asked = isShort ? one(size, 6, 1) : one(size, task.commonRepeats, task.otherRepeats);
  const shown = `${example.input}${example.answerPrefix} ${numbered(example.outputs)}`;
  return { ...asked, input: `${shown}\n${asked.input}` };
}

function frequentWords(
  task: Extract<RulerTask, { kind: 'fwe' }>,
  size: number,
  random: Random,
  { wording, length, templateTokens }: SampleParts,
): BuiltSample {
  const { template, answerPrefix } = wording.prompts.fwe;
  const count = Math.max(4, Math.floor((length - templateTokens - 50) / 50));
  const words = new Set<string>();
  while (words.size < count) words.add(letters(6, 'a', random));
  // The most frequent one is dots, which are to be left aside.
  const vocabulary = ['...', ...[...words].slice(1)];
  const total = zeta(task.alpha);
  const sampled = vocabulary.flatMap((word, rank) => {
    const times = Math.floor((size * (rank + 1) ** -task.alpha) / total);
    return Array.from({ length: times }, () => word);
  });
  const fields = { context: shuffled(sampled, random).join(' '), query: '' };
  return {
    input: formatPrompt(template, fields, wording.name),
    question: questionOf(template, fields, wording.name),
    answerPrefix: formatPrompt(answerPrefix, fields, wording.name),
    outputs: vocabulary.slice(1, 4),
  };
}

/** The sum of k^-alpha over all k, for alpha > 1: a thousand terms, and the rest as an integral. */
function zeta(alpha: number): number {
  const terms = 1000;
  let sum = 0;
  for (let k = 1; k < terms; k++) sum += k ** -alpha;
  return sum + terms ** (1 - alpha) / (alpha - 1) + terms ** -alpha / 2;
}

function documents(
  task: Extract<RulerTask, { kind: 'qa' }>,
  size: number,
  random: Random,
  { sources, wording, index }: SampleParts,
): BuiltSample {
  const set = sources[task.questions];
  if (set === null) {
    const problem = `the folder of sources holds no ${task.questions}.json`;
    throw new InvalidArgumentError('tasks', problem);
  }
  const { template, answerPrefix } = wording.prompts.qa;
  const { question, answers, needed, related } = set.questions[index % set.questions.length]!;
  const chosen = [...needed];
  const others = new Set(set.documents.keys());
  for (const each of [...needed, ...related]) others.delete(each);
  for (const each of [...shuffled(related, random), ...shuffled([...others], random)]) {
    if (chosen.length >= size) break;
    chosen.push(each);
  }
  const context = shuffled(chosen, random)
    .map((each, i) =>
      formatPrompt(
        wording.document,
        { i: String(i + 1), document: set.documents[each]! },
        wording.name,
      ),
    )
    .join('\n\n');
  const fields = { context, query: question };
  return {
    input: formatPrompt(template, fields, wording.name),
    question: questionOf(template, fields, wording.name),
    answerPrefix: formatPrompt(answerPrefix, fields, wording.name),
    outputs: answers,
  };
}
