import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PublicItem } from '../data/public-task.js';
import { allQuirks } from '../scores/quirks.js';
import { generateRuler } from './generate-ruler.js';
import { needleTasks } from './needle-tasks.js';
import { readRuler } from './read-ruler.js';
import { type RulerSources, readRulerSources } from './ruler-sources.js';
import { rulerTasks } from './ruler-tasks.js';
import { plainWording, readRulerWording } from './ruler-wording.js';

/** Two tokenizers as unlike as they can be: words and signs, and pieces of three characters. */
const tokenizers = {
  words: (text: string) => text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)?.length ?? 0,
  pieces: (text: string) => Math.ceil(text.length / 3),
};

/** Questions over documents, written as SQuAD and HotpotQA are. */
const squad = {
  data: Array.from({ length: 12 }, (_, article) => ({
    title: `t${article}`,
    paragraphs: Array.from({ length: 5 }, (_, i) => ({
      context: `Town ${article}-${i} has ${100 + article * 5 + i} wells. Its mayor keeps bees and writes letters.`,
      qas: [
        {
          question: `How many wells has town ${article}-${i}?`,
          answers: [{ text: `${100 + article * 5 + i} wells`, answer_start: 0 }],
          is_impossible: false,
        },
        { question: 'Why?', answers: [], is_impossible: true },
      ],
    })),
  })),
};
const hotpotqa = Array.from({ length: 30 }, (_, i) => ({
  question: `Who leads both halves of ${i}?`,
  answer: `Leader ${i}`,
  context: [
    [`Half ${i}`, ['It is small.', ` It is led by Leader ${i}.`]],
    [`Other half ${i}`, [`Also led by Leader ${i}.`]],
  ],
}));

let folder: string;
let sources: RulerSources;
afterAll(() => rm(folder, { recursive: true }));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-ruler-'));
  await writeFile(join(folder, 'squad.json'), JSON.stringify(squad));
  await writeFile(join(folder, 'hotpotqa.json'), JSON.stringify(hotpotqa));
  sources = await readRulerSources(folder);
});

const counts = (words: readonly string[]) => {
  const found = new Map<string, number>();
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1);
  return found;
};

/** What of a prompt is asked: without the example before it. */
const asked = ({ prompt }: PublicItem, kind: 'vt' | 'cwe') =>
  prompt.slice(prompt.lastIndexOf(plainWording.prompts[kind].template.slice(0, 25)));

/** The answers that a prompt itself allows, found by reading it. */
function answersIn(name: string, item: PublicItem): string[] {
  const task = rulerTasks[name]!;
  if (task.kind === 'niah') {
    const needles = [...item.prompt.matchAll(/The secret \w+ for (\S+) is (\S+)\./g)];
    const question = item.prompt.slice(item.prompt.lastIndexOf('\nWhich secret'));
    const keys = [...new Set(needles.map(([, key]) => key!))].filter((key) =>
      question.includes(key),
    );
    expect(keys).toHaveLength(task.queryCount);
    const order = keys.sort((a, b) => question.indexOf(a) - question.indexOf(b));
    return order.flatMap((key) =>
      needles.filter((each) => each[1] === key).map((each) => each[2]!),
    );
  }
  if (task.kind === 'vt') {
    const text = asked(item, 'vt');
    const value = /have the value (\d+)/.exec(text)![1];
    const steps = [...text.matchAll(/VAR (\w+) = (?:VAR )?(\w+)/g)];
    const known: string[] = [];
    for (let wanted = value!; ; wanted = known.at(-1)!) {
      const step = steps.find((each) => each[2] === wanted);
      if (step === undefined) return known;
      known.push(step[1]!);
    }
  }
  if (task.kind === 'cwe') {
    const list = [...asked(item, 'cwe').matchAll(/\d+\. ([^\s\d]+)/g)].map(([, word]) => word!);
    const found = [...counts(list)].sort((a, b) => b[1] - a[1]);
    expect(found[9]![1]).toBeGreaterThan(found[10]![1]);
    return found.slice(0, 10).map(([word]) => word);
  }
  if (task.kind === 'fwe') {
    const found = [...counts(item.prompt.match(/\b[a-z]{6}\b/g)!)].sort((a, b) => b[1] - a[1]);
    const isCoded = ([word]: [string, number]) => !plainWording.prompts.fwe.template.includes(word);
    const coded = found.filter(isCoded);
    expect(coded[2]![1]).toBeGreaterThan(coded[3]![1]);
    return coded.slice(0, 3).map(([word]) => word);
  }
  const question = item.prompt.slice(item.prompt.lastIndexOf('\nQuestion: ') + 11);
  const wells = /town (\d+)-(\d+)/.exec(question);
  const answer = wells
    ? `${100 + 5 * Number(wells[1]) + Number(wells[2])} wells`
    : `Leader ${/\d+/.exec(question)![0]}`;
  expect(item.prompt).toContain(answer);
  return [answer];
}

describe('generateRuler', () => {
  const cases = Object.keys(rulerTasks).flatMap((name) =>
    [1024, 2048, 4096].map((length) => [name, length] as const),
  );
  it.each(cases)(
    '%s at %i tokens: fills the length, and hides what it asks for',
    (name, length) => {
      for (const [i, countTokens] of Object.values(tokenizers).entries()) {
        const templateTokens = [0, 37][i]!; // those of a chat template count, as in RULER
        const made = { sources, wording: plainWording, countTokens, templateTokens };
        const common = { tasks: [name], length, ...made };
        const [task] = generateRuler({ ...common, samples: 3, seed: 1 });
        expect(task!.items).toHaveLength(3);
        for (const item of task!.items) {
          const own = countTokens(item.prompt + item.answerPrefix);
          const tokens = templateTokens + own + task!.maxNewTokens;
          expect(item.prompt.endsWith(item.question!)).toBe(true);
          expect(countTokens(item.question!)).toBeLessThan(own / 2);
          expect(tokens).toBeLessThanOrEqual(length);
          // A document, a line of noise or a rare word more would not fit.
          const isSmallSet = name.startsWith('qa');
          if (!isSmallSet) expect(tokens).toBeGreaterThan(0.8 * length);
          const right = answersIn(name, item);
          expect(item.score(right.join(', '), allQuirks)).toBe(1);
          expect(item.score('nothing', allQuirks)).toBe(0);
        }
        const prompts = task!.items.map(({ prompt }) => prompt);
        expect(new Set(prompts).size).toBe(3);
        const again = generateRuler({ ...common, samples: 2, seed: 1 })[0]!.items;
        expect(again.map(({ prompt }) => prompt)).toEqual(prompts.slice(0, 2));
        const other = generateRuler({ ...common, samples: 1, seed: 2 })[0]!.items[0]!;
        if (!isQuestion(name)) expect(other.prompt).not.toBe(prompts[0]);
      }
    },
  );

  it('draws values and keys as they are prescribed', () => {
    const options = { length: 1024, samples: 3, seed: 3, sources, wording: plainWording };
    const tasks = generateRuler({ ...options, countTokens: tokenizers.pieces });
    const prompts = (name: string) =>
      tasks.find((task) => task.name.startsWith(`${name} `))!.items.map(({ prompt }) => prompt);
    for (const prompt of prompts('niah_multikey_2')) {
      const numbers = [...prompt.matchAll(/ is (\d+)\./g)].map(([, number]) => Number(number));
      expect(Math.min(...numbers)).toBeGreaterThanOrEqual(1_000_000);
      expect(Math.max(...numbers)).toBeLessThanOrEqual(9_999_999);
      expect(numbers.length).toBeGreaterThan(10);
    }
    const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
    for (const prompt of prompts('niah_multikey_3')) {
      expect(prompt).toMatch(new RegExp(`The secret uuids for ${uuid} is ${uuid}\\.`));
    }
    for (const prompt of prompts('niah_single_1'))
      expect(prompt).toMatch(/a secret number is hidden/);
    for (const prompt of prompts('niah_multivalue')) {
      expect(prompt.match(/The secret numbers for/g)).toHaveLength(4);
    }
    expect(tasks).toHaveLength(13);
  });

  it('shows vt an example of 500 tokens, or half of a short prompt', () => {
    const options = { tasks: ['vt'], samples: 2, seed: 3, sources, wording: plainWording };
    for (const [length, most] of [
      [4096, 500],
      [1000, 500],
      [700, 350],
    ] as const) {
      for (const countTokens of Object.values(tokenizers)) {
        const [task] = generateRuler({ ...options, length, countTokens });
        for (const { prompt, answerPrefix } of task!.items) {
          const question = prompt.slice(0, prompt.indexOf('?') + 1);
          const tokens = countTokens(question + answerPrefix);
          expect(tokens, String(length)).toBeLessThanOrEqual(most + 5); // other names
          expect(tokens).toBeGreaterThan(most - countTokens(`${plainWording.noise}\n`) - 5);
        }
      }
    }
  });

  it('says what a length or a folder has no room or material for', () => {
    const options = { samples: 1, seed: 1, wording: plainWording, countTokens: tokenizers.words };
    expect(() => generateRuler({ ...options, tasks: ['vt'], length: 100, sources })).toThrow(
      /100 tokens are too few for vt: the shortest sample has \d+/,
    );
    const without = { ...sources, squad: null };
    const all = generateRuler({ ...options, length: 1024, sources: without });
    expect(all.map(({ name }) => name)).not.toContain('qa_1 1024');
    expect(() =>
      generateRuler({ ...options, tasks: ['qa_1'], length: 1024, sources: without }),
    ).toThrow(/holds no squad.json/);
    expect(() => generateRuler({ ...options, tasks: ['niah'], length: 1024, sources })).toThrow(
      /niah_single_1/,
    );
  });
});

const isQuestion = (name: string) => name.startsWith('qa');

describe('readRulerSources', () => {
  it('takes any text as essay, and word lists', async () => {
    await mkdir(join(folder, 'own'));
    const words = Array.from({ length: 60 }, (_, i) => `word${i}`);
    await writeFile(join(folder, 'own/novel.txt'), 'It was a dark night.  The rain fell.\n');
    await writeFile(join(folder, 'own/my-words.txt'), words.join('\n'));
    const own = await readRulerSources(join(folder, 'own'));
    expect(own.essay).toEqual('It was a dark night. The rain fell.'.split(' '));
    expect(own.words).toHaveLength(60);
    expect(own.squad).toBeNull();
    await writeFile(join(folder, 'own/english_words.json'), JSON.stringify({ 0: 'a', 1: 'b' }));
    await expect(readRulerSources(join(folder, 'own'))).rejects.toThrow(/2 different words/);
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n';
    await writeFile(join(folder, 'own/english_words.json'), pointer);
    await expect(readRulerSources(join(folder, 'own'))).rejects.toThrow(
      /words\.json: is a pointer/,
    );
    await writeFile(join(folder, 'own/english_words.json'), '{');
    await expect(readRulerSources(join(folder, 'own'))).rejects.toThrow(/is not JSON/);
    await writeFile(join(folder, 'own/novel.txt'), Buffer.from([0xff, 0xfe, 0x41]));
    await expect(readRulerSources(join(folder, 'own'))).rejects.toThrow(/UTF-8/);
  });
});

describe('readRulerWording', () => {
  it('reads the texts out of the sources of RULER, and runs nothing', async () => {
    const root = join(folder, 'repository');
    const synthetic = join(root, 'scripts/data/synthetic');
    await mkdir(synthetic, { recursive: true });
    const kinds = [
      'niah',
      'variable_tracking',
      'common_words_extraction',
      'freq_words_extraction',
      'qa',
    ];
    const entries = kinds.map(
      (kind) =>
        `    '${kind}' : {\n        'tokens_to_generate': 128, # a comment\n        'template': """Some ${kind} are:\\n{context}\\n{query}""",\n        'answer_prefix': """ For {query} they are""",\n    },\n`,
    );
    await writeFile(
      join(synthetic, 'constants.py'),
      `"""\nTASKS = of\n"""\nTASKS = {\n${entries.join('\n')}}`,
    );
    const niah =
      'import os\nneedle = "One {type_needle_v} of {key}: {value}."\nif x == 1:\n    haystack = re.sub(a)\nelse:\n    haystack = "Grass. Sky."\nwords = [f"{a}-{b}" for a in x]\n';
    await writeFile(join(synthetic, 'niah.py'), niah);
    await expect(readRulerWording(root)).rejects.toThrow(/qa\.py/);
    await writeFile(join(synthetic, 'qa.py'), 'DOCUMENT_PROMPT = "Doc {i}:\\n{document}"\n');
    const wording = await readRulerWording(root);
    expect(wording).toMatchObject({
      ...{ needle: 'One {type_needle_v} of {key}: {value}.', noise: 'Grass. Sky.' },
      document: 'Doc {i}:\n{document}',
    });
    expect(wording.prompts.vt.template).toBe('Some variable_tracking are:\n{context}\n{query}');
    const [task] = generateRuler({
      ...{ tasks: ['niah_single_1'], length: 256, samples: 1, seed: 1, sources, wording },
      countTokens: tokenizers.words,
    });
    const { prompt, answerPrefix } = task!.items[0]!;
    expect(prompt.startsWith('A niah is:\n')).toBe(true);
    expect(answerPrefix).toMatch(/^ For \S+ they is$/);
  });
});

describe('readRuler', () => {
  it('reads what RULER has written, and names bad rows', async () => {
    const data = join(folder, 'written/synthetic/4096/data/niah_single_1');
    await mkdir(data, { recursive: true });
    const rows = [
      { index: 0, input: 'Text.', outputs: ['123'], length: 90, answer_prefix: ' It is' },
      { index: 1, input: 'Text.', outputs: [] },
      { index: 2, input: 'Text. It is', outputs: ['456'] },
    ];
    await writeFile(
      join(data, 'validation.jsonl'),
      rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    );
    const [task] = await readRuler({ data: join(folder, 'written') });
    expect(task!.items.map(({ id, answerPrefix }) => [id, answerPrefix])).toEqual([
      ['1', ' It is'],
      ['3', ''],
    ]);
    expect(task!.problems).toMatchObject([{ row: 2, field: 'outputs', problem: 'is empty' }]);
    expect(task!.items[1]!.score('456', allQuirks)).toBe(1);
    await expect(readRuler({ data: join(folder, 'written'), tasks: ['vt'] })).rejects.toThrow(
      /vt\/validation/,
    );
  });
});

describe('needleTasks', () => {
  it('hides the same needle at every depth, in prompts as long as they may be', () => {
    const depths = [0, 25, 50, 100];
    const countTokens = tokenizers.words;
    const made = { sources, wording: plainWording, seed: 3, countTokens };
    const tasks = needleTasks({ ...made, lengths: [300, 900], depths, samples: 3 });
    expect(tasks.map(({ name }) => name)).toEqual(['needle 300', 'needle 900']);
    for (const [t, { items, maxNewTokens, benchmark }] of tasks.entries()) {
      expect(benchmark).toBe('Needle');
      expect(items).toHaveLength(12);
      const values = new Set<string>();
      for (const [i, { id, prompt, answerPrefix, groups, score }] of items.entries()) {
        const [sample, depth] = [Math.floor(i / 4), depths[i % 4]!];
        expect(id).toBe(`${sample} at ${depth}`);
        expect(groups).toEqual({ length: String([300, 900][t]), depth: String(depth) });
        const length = countTokens(prompt + answerPrefix) + maxNewTokens;
        expect(length).toBeLessThanOrEqual([300, 900][t]!);
        expect(length).toBeGreaterThan([300, 900][t]! - 60);
        const value = /is (\d{7})\./.exec(prompt)!;
        values.add(value[1]!);
        expect(score(` ${value[1]}.`, allQuirks)).toBe(1);
        expect(score(' 1234.', allQuirks)).toBe(0);
        const context = prompt.slice(prompt.indexOf('\n'), prompt.lastIndexOf('\n'));
        const at = context.indexOf(value[0]) / context.length;
        expect(Math.abs(at - depth / 100)).toBeLessThan(t === 0 ? 0.25 : 0.1);
        if (depth === 0) expect(prompt.split('\n')[1]).toMatch(/^The secret number/);
        if (depth === 100) expect(context.endsWith(`${value[1]}.`)).toBe(true);
      }
      expect(values.size).toBe(3); // one for each sample, the same at all depths
    }
    const wrong = { ...made, lengths: [300], samples: 1, depths: [101] };
    expect(() => needleTasks(wrong)).toThrow(/101 does not lie between 0 and 100/);
    expect(() => needleTasks({ ...wrong, depths: [0], lengths: [20] })).toThrow(/too few/);
  });
});
