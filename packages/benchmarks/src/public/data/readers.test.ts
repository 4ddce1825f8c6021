import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allQuirks, noQuirks } from '../scores/quirks.js';
import { readInfiniteBench } from './read-infinitebench.js';
import { readChouBun, readLongBench } from './read-longbench.js';
import { readLongBenchV2 } from './read-longbench-v2.js';
import { describeRowProblem } from './row-problem.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-readers-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(path: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const jsonl = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const question = (number: number, more: object = {}) => ({
  ...{ input: `Who ${number}?`, context: `Story ${number}.`, answers: [`Ann ${number}`] },
  ...{ length: 3000 + 2000 * number, dataset: 'hotpotqa', language: 'en', all_classes: null },
  ...{ _id: `id${number}`, ...more },
});

describe('readLongBench', () => {
  let repository: string;
  beforeAll(async () => {
    const prompts = {
      hotpotqa: 'Read {context} {{so}}\nQ: {input}',
      trec: '{context}\n{input}',
      samsum: '{context}{input}',
      passage_retrieval_en: '{context}{input}',
    };
    await write('LongBench/LongBench/config/dataset2prompt.json', JSON.stringify(prompts));
    repository = join(folder, 'LongBench');
  });

  it('reads a folder, an archive as published, and the cache of the hub', async () => {
    const text = jsonl([question(0), question(1), question(3)]);
    await write('plain/data/hotpotqa.jsonl', `${text}\n\n`);
    await write(
      'zipped/data.zip',
      zipSync({
        'data/hotpotqa.jsonl': strToU8(text),
        '__MACOSX/data/._hotpotqa.jsonl': strToU8('x'),
      }),
    );
    const blob = await write(
      'hub/datasets--THUDM--LongBench/blobs/abc',
      zipSync({ 'data/hotpotqa.jsonl': strToU8(text) }),
    );
    const cache = join(folder, 'hub/datasets--THUDM--LongBench');
    await write('hub/datasets--THUDM--LongBench/refs/main', '222');
    for (const revision of ['111', '222', '333'])
      await mkdir(join(cache, 'snapshots', revision), { recursive: true });
    await symlink(blob, join(cache, 'snapshots/222/data.zip'));
    for (const data of [
      'plain',
      'zipped',
      'zipped/data.zip',
      'plain/data/hotpotqa.jsonl',
      'hub/datasets--THUDM--LongBench',
    ]) {
      const [task, ...others] = await readLongBench({ data: join(folder, data), repository });
      expect(others, data).toEqual([]);
      expect(task, data).toMatchObject({
        name: 'hotpotqa',
        maxNewTokens: 32,
        usesChatTemplate: true,
        problems: [],
      });
      expect(task!.items.map(({ prompt }) => prompt)[1]).toBe('Read Story 1. {so}\nQ: Who 1?');
      expect(task!.items.map(({ groups }) => groups.length)).toEqual(['0-4k', '4-8k', '8k+']);
      expect(task!.items[1]!.score('Ann 1', allQuirks)).toBe(1);
    }
  });

  it('reads pieces, gzip, parquet in row groups and what stands on the hub, and names what is not whole', async () => {
    const texts = [0, 1, 2, 3, 4].map((i) => question(i));
    const parquet = (rows: readonly ReturnType<typeof question>[], rowGroupSize = 2) =>
      new Uint8Array(
        parquetWriteBuffer({
          rowGroupSize,
          columnData: [
            { name: 'input', data: rows.map(({ input }) => input) },
            { name: 'context', data: rows.map(({ context }) => context) },
            { name: 'answers', data: rows.map(({ answers }) => answers), type: 'JSON' },
            { name: 'length', data: rows.map(({ length }) => BigInt(length)), type: 'INT64' },
            { name: '_id', data: rows.map(({ _id }) => _id) },
          ],
        }),
      );
    const read = (data: string) => readLongBench({ data: join(folder, data), repository });
    const idsOf = async (data: string) => {
      const [task, ...others] = await read(data);
      expect([task!.name, others]).toEqual(['hotpotqa', []]);
      return task!.items.map(({ id, prompt }) => `${id} ${/Who (\d)/.exec(prompt)![1]}`);
    };
    await write('one/hotpotqa/test-00000-of-00001.parquet', parquet(texts));
    expect(await idsOf('one')).toEqual(['1 0', '2 1', '3 2', '4 3', '5 4']);
    await write('two/hotpotqa/test-00001-of-00002.parquet', parquet(texts.slice(3)));
    await expect(read('two')).rejects.toThrow(/piece 0 of hotpotqa is missing/);
    await write('two/hotpotqa/test-00000-of-00002.parquet', parquet(texts.slice(0, 3)));
    await write('two/hotpotqa/train-00000-of-00001.parquet', parquet(texts));
    expect(await idsOf('two')).toEqual(['1 0', '2 1', '3 2', '1.1 3', '1.2 4']);
    await write('converted/hotpotqa/test/0000.parquet', parquet(texts.slice(0, 1)));
    await write('converted/hotpotqa/test/0001.parquet', parquet(texts.slice(1, 2)));
    expect(await idsOf('converted')).toEqual(['1 0', '1.1 1']);
    const packed = gzipSync(jsonl(texts));
    await write('gz/hotpotqa.jsonl.gz', packed);
    expect(await idsOf('gz')).toHaveLength(5);
    await write('half-gz/hotpotqa.jsonl.gz', packed.subarray(0, packed.length - 20));
    await expect(read('half-gz')).rejects.toThrow(/hotpotqa\.jsonl\.gz: is not a complete gzip/);
    await write('list/hotpotqa.json', JSON.stringify(texts, null, 2));
    await write('lines/hotpotqa.json', jsonl(texts));
    for (const data of ['list', 'lines']) expect(await idsOf(data)).toHaveLength(5);

    const zip = zipSync({ 'data\\hotpotqa.jsonl': strToU8(jsonl(texts)) }, { level: 0 });
    await write('beside/data.zip', zip);
    expect(await idsOf('beside')).toHaveLength(5);
    await write('beside/data/hotpotqa.jsonl', jsonl(texts.slice(0, 2)));
    expect(await idsOf('beside')).toHaveLength(2); // unpacked goes before the archive
    const damaged = zip.slice();
    damaged[200] = damaged[200]! ^ 1;
    await write('damaged/data.zip', damaged);
    await expect(read('damaged')).rejects.toThrow(/hotpotqa\.jsonl in it is damaged/);
    await write('pointer/data.zip', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n');
    await expect(read('pointer')).rejects.toThrow(/pointer of Git LFS/);
    await write('wide/hotpotqa.jsonl', Buffer.from(jsonl(texts), 'utf16le'));
    await expect(read('wide')).rejects.toThrow(
      /hotpotqa\.jsonl: none of its 5 rows .* row 1: is not/,
    );
    await write('both/a/hotpotqa.jsonl', jsonl(texts));
    await write('both/b/hotpotqa.jsonl', jsonl(texts));
    await expect(read('both')).rejects.toThrow(/several files may be hotpotqa: a.*, b.*; name/);
    await write('nested/hub/datasets--a--b/refs/main', '1');
    for (const revision of ['1', '2']) {
      await write(`nested/hub/datasets--a--b/snapshots/${revision}/hotpotqa.jsonl`, jsonl(texts));
    }
    expect(await idsOf('nested')).toHaveLength(5);
    await write('partly/hotpotqa.jsonl.part', 'x');
    await expect(read('partly')).rejects.toThrow(/an incomplete download/);
    await write('nulls/hotpotqa.jsonl', jsonl([{ ...texts[0], length: null, _id: null }]));
    expect((await read('nulls'))[0]!.items[0]!.groups).toEqual({});
    await write('even/hotpotqa_e.jsonl', jsonl(texts));
    expect((await read('even')).map(({ name }) => name)).toEqual(['hotpotqa_e']);
  });

  it('reads LongBench-E and keeps to what each task prescribes', async () => {
    const classes = { all_classes: ['Food', 'Date'], answers: ['Food'] };
    await write(
      'e/trec_e.jsonl',
      jsonl([question(0, classes), question(1, { ...classes, all_classes: null })]),
    );
    await write('e/samsum.jsonl', jsonl([question(0)]));
    const [trec, samsum] = await readLongBench({
      data: join(folder, 'e'),
      repository,
      tasks: ['trec_e', 'samsum'],
    });
    expect(trec).toMatchObject({ name: 'trec_e', usesChatTemplate: false, firstLineOnly: true });
    expect(trec!.items).toHaveLength(1);
    expect(trec!.problems).toMatchObject([{ row: 2, field: 'all_classes' }]);
    expect(trec!.items[0]!.score(' Food', noQuirks)).toBe(1);
    expect(samsum).toMatchObject({
      usesChatTemplate: false,
      firstLineOnly: true,
      maxNewTokens: 128,
    });
  });

  it('knows questions about one text, wherever they stand', async () => {
    const contexts = ['a', 'b', 'a', 'c'];
    const rows = contexts.map((context, i) => question(i, { context }));
    await write('texts/hotpotqa.jsonl', jsonl(rows));
    const [task] = await readLongBench({ data: join(folder, 'texts'), repository });
    expect(task!.items.map((each) => each.text)).toEqual(['1', '2', '1', '4']);
  });

  it('wants a paragraph in the answers of a retrieval task', async () => {
    const answers = [['Paragraph 3'], ['3'], ['Paragraph 7', 'paragraph 7']];
    const rows = answers.map((each, i) => question(i, { answers: each }));
    await write('retrieval/passage_retrieval_en.jsonl', jsonl(rows));
    const data = join(folder, 'retrieval');
    const [task] = await readLongBench({ data, repository });
    expect(task!.items.map((item) => item.score('Paragraph 3', allQuirks))).toEqual([1]);
    expect(task!.problems).toMatchObject([
      { row: 2, field: 'answers', problem: 'names no paragraph by its number' },
      { row: 3, field: 'answers' },
    ]);
  });

  it('names file, row and field of rows that cannot be used, and goes on', async () => {
    const { context: _, ...without } = question(2);
    const lines = [
      Buffer.from(`\ufeff${JSON.stringify(question(0))}\r\n`),
      Buffer.from(`${JSON.stringify(without)}\n`),
      Buffer.from('{"input": "half a li\n'),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
      Buffer.from(`${JSON.stringify(question(4, { answers: 'Ann' }))}\n`),
      Buffer.from(JSON.stringify(question(5))),
    ];
    const file = await write('bad/hotpotqa.jsonl', Buffer.concat(lines));
    const [task] = await readLongBench({ data: join(folder, 'bad'), repository });
    expect(task!.items.map(({ id }) => id)).toEqual(['1', '6']);
    const problems = task!.problems.map(describeRowProblem);
    expect(problems[0]).toMatch(`${file}, row 2, context: `);
    expect(problems[1]).toMatch(`${file}, row 3: is not JSON`);
    expect(problems[2]).toBe(`${file}, row 4: is not UTF-8`);
    expect(problems[3]).toMatch(`${file}, row 5, answers: `);
    const [two] = await readLongBench({ data: join(folder, 'bad'), repository, limit: 2 });
    expect([two!.items.length, two!.problems.length]).toEqual([1, 1]);
  });

  it('names what is missing, half there, or none of its tasks', async () => {
    const options = { data: join(folder, 'plain'), repository };
    await expect(readLongBench({ ...options, tasks: ['trec'] })).rejects.toThrow(
      /holds no trec\.jsonl/,
    );
    await expect(readLongBench({ ...options, tasks: ['hotpot'] })).rejects.toThrow(
      /none of narrativeqa/,
    );
    await expect(readLongBench({ ...options, data: join(folder, 'absent') })).rejects.toThrow(
      /does not exist/,
    );
    await expect(readLongBench({ ...options, repository: folder })).rejects.toThrow(
      /dataset2prompt\.json/,
    );
    const half = await write(
      'half/data.zip',
      zipSync({ 'data/hotpotqa.jsonl': strToU8(jsonl([question(0)])) }),
    );
    await truncate(half, 60);
    await expect(readLongBench({ ...options, data: join(folder, 'half') })).rejects.toThrow(
      /the download incomplete/,
    );
    await write('empty/hotpotqa.jsonl', '\n');
    await expect(readLongBench({ ...options, data: join(folder, 'empty') })).rejects.toThrow(
      /is empty/,
    );
    await write('none/hotpotqa.jsonl', '{}\n');
    await expect(readLongBench({ ...options, data: join(folder, 'none') })).rejects.toThrow(
      /none of its 1 rows.*input/,
    );
    await mkdir(join(folder, 'dangling'), { recursive: true });
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling/hotpotqa.jsonl'));
    await expect(readLongBench({ ...options, data: join(folder, 'dangling') })).rejects.toThrow(
      /link to nothing/,
    );
  });
});

describe('readLongBenchV2', () => {
  it('fills the prompt in, and groups by difficulty and length', async () => {
    await write('v2/prompts/0shot.txt', 'T: $DOC$\nQ: $Q$ A) $C_A$ B) $C_B$ C) $C_C$ D) $C_D$');
    const row = {
      ...{
        _id: 'x1',
        domain: 'd',
        sub_domain: 's',
        difficulty: 'hard',
        length: 'long',
        answer: 'B',
      },
      ...{
        question: ' Why? ',
        choice_A: 'a',
        choice_B: 'b $& $1',
        choice_C: 'c',
        choice_D: 'd',
        context: 'Text\n',
      },
    };
    const rows = [row, { ...row, answer: 'E' }, { ...row, question: 'Again?' }];
    await write('v2/data/data.json', JSON.stringify(rows));
    const [task] = await readLongBenchV2({
      data: join(folder, 'v2/data'),
      repository: join(folder, 'v2'),
    });
    const [item] = task!.items;
    expect(item!.prompt).toBe('T: Text\nQ: Why? A) a B) b $& $1 C) c D) d');
    expect(item!.groups).toEqual({ difficulty: 'hard', length: 'long' });
    expect(item!.score('The correct answer is (B)', allQuirks)).toBe(1);
    expect(task!.items).toHaveLength(1);
    expect(task!.problems).toMatchObject([
      { row: 2, field: 'answer' },
      { row: 3, field: '_id', problem: 'has come before' },
    ]);
    await write('v2/broken/data.json', '[{');
    await expect(
      readLongBenchV2({ data: join(folder, 'v2/broken'), repository: join(folder, 'v2') }),
    ).rejects.toThrow(/not JSON/);
  });
});

describe('readInfiniteBench', () => {
  it('reads every kind of row there is, with templates out of the Python source', async () => {
    const templates = [
      'other_templates = {\n    "passkey": "{context}",\n}\n\nyarn_mistral_templates = {',
      '    "passkey": "Find it.\\n\\n{context}\\n{input}\\nThe \\"key\\" is",  # noqa',
      "    'kv_retrieval': 'In ' + \"{context}{input}\",",
      '    "code_run": "{func} {func_call} {context}",\n    "math_find": "{prefix}\\n{context}\\n{input}",',
      '    "longbook_choice_eng": "{context} {question} {OPTION_A} {OPTION_D}",\n    "code_debug": "{context}{OPTION_B}",',
      '    "longbook_sum_eng": "{context}",\n    "math_calc": "{context}",\n    # a comment: }\n}\n',
    ];
    await write('ib/src/prompt.py', templates.join('\n'));
    await write('ib/src/eval_utils.py', 'def f():\n    prefix = f"Say {target_number} here?"\n');
    await write(
      'ib/data/passkey.jsonl',
      jsonl([
        { id: 0, context: 'c', input: 'i', answer: ['71432'] },
        { id: 1, content: 'old', context: null, input: 'i', answer: '5', options: null },
        { id: 2, context: '', input: 'i', answer: '5' },
      ]),
    );
    await write('ib/data/kv_retrieval.jsonl', jsonl([{ context: 'c', input: 'i', answer: ['v'] }]));
    await write(
      'ib/data/code_run.jsonl',
      jsonl([
        { context: 'c', input: 'What is func_7(-3)?', answer: 4 },
        { context: 'c', input: '?', answer: 4 },
        { context: 'c', input: 'What is func_7(-3)?', answer: ['4'] },
        { context: 'c', input: 'What is func_7(-3)?', answer: 'four' },
      ]),
    );
    await write(
      'ib/data/math_calc.jsonl',
      jsonl(
        [[1, '2'], [[1, 2]], 1, 'x'].map((answer) => ({ context: '1 + 1', input: '', answer })),
      ),
    );
    await write(
      'ib/data/math_find.jsonl',
      '{"context": "[1]", "input": "The 2nd largest number of it", "answer": [50.0]}\n{"context": "[1]", "input": "The mean of it", "answer": 50}\n',
    );
    await write(
      'ib/data/longbook_choice_eng.jsonl',
      jsonl([
        { context: 'c', input: 'q', answer: ['two'], options: ['one', 'two', 'three', 'four'] },
        { context: 'c', input: 'q', answer: ['six'], options: ['one', 'two', 'three', 'four'] },
        { context: 'c', input: 'q', answer: ['two', 'B'], options: ['one', 'two'] },
      ]),
    );
    await write(
      'ib/data/longbook_sum_eng.jsonl',
      jsonl([{ context: 'c', input: '', answer: ['a b', 'c d'] }]),
    );
    const options = { data: join(folder, 'ib/data'), repository: join(folder, 'ib') };
    const tasks = await readInfiniteBench(options);
    const of = (name: string) => tasks.find((task) => task.name === name)!;
    expect(of('passkey').items.map(({ prompt }) => prompt)).toEqual(
      ['c', 'old'].map((context) => `Find it.\n\n${context}\ni\nThe "key" is`),
    );
    expect(of('passkey').problems).toMatchObject([{ row: 3, field: 'context' }]);
    expect(of('passkey').items[0]!.score('71432.', allQuirks)).toBe(1);
    expect(of('kv_retrieval').items[0]).toMatchObject({ prompt: 'In ci' });
    expect(of('code_run').items[0]).toMatchObject({ prompt: 'func_7 func_7(-3) c' });
    expect(of('kv_retrieval').items[0]!.score('v', allQuirks)).toBe(1); // the repository has no lists
    expect(of('code_run').problems).toMatchObject([
      { row: 2, field: 'input' },
      { row: 4, field: 'answer', problem: '"four" is not a number' },
    ]);
    expect(of('code_run').items.map((item) => item.score('4', allQuirks))).toEqual([1, 1]);
    expect(of('math_calc').items.map((item) => item.score('[1, 2]', allQuirks))).toEqual([1, 1]);
    expect(of('math_calc').problems).toMatchObject([
      { row: 3, problem: 'is not a list' },
      { row: 4, problem: 'is not a list' },
    ]);
    expect(of('math_find').items[0]!.prompt).toBe(
      'Say the 2nd largest number here?\n[1]\nThe 2nd largest number of it',
    );
    expect(of('math_find').items[0]!.score('49.5', allQuirks)).toBe(0);
    expect(() => of('math_find').items[1]!.score('49.5', allQuirks)).toThrow(/official scorer/);
    expect(of('longbook_choice_eng').items).toHaveLength(1);
    expect(of('longbook_choice_eng').items[0]!.score('B', allQuirks)).toBe(1);
    expect(of('longbook_choice_eng').problems.map(({ field }) => field)).toEqual([
      'answer',
      'options',
    ]);
    expect(of('longbook_sum_eng').items[0]!.score('c d', allQuirks)).toBe(1);
    const others = await readInfiniteBench({ ...options, tasks: ['passkey'], templates: 'other' });
    expect(others[0]!.items[0]!.prompt).toBe('c');
    await expect(readInfiniteBench({ ...options, templates: 'gpt9' })).rejects.toThrow(
      /none of other, yarn_mistral/,
    );
    await expect(readInfiniteBench({ ...options, tasks: ['code_debug'] })).rejects.toThrow(
      /holds no code_debug/,
    );
  });
});

describe('readChouBun', () => {
  it('reads parquet, compressed or not, and refuses half a file', async () => {
    await write(
      'cb/ChouBun/config/dataset2prompt.json',
      JSON.stringify({ wiki_qa: '{context}／{input}' }),
    );
    const columns = (codec: 'SNAPPY' | 'UNCOMPRESSED') =>
      new Uint8Array(
        parquetWriteBuffer({
          codec,
          columnData: [
            { name: 'input', data: ['誰？', '何？'] },
            { name: 'context', data: ['東京', '大阪'] },
            { name: 'answers', data: [['一'], ['二', '三']], type: 'JSON' },
            { name: 'length', data: [5000n, 9000n], type: 'INT64' },
            { name: 'all_classes', data: [null, null], type: 'STRING', nullable: true },
          ],
        }),
      );
    for (const codec of ['SNAPPY', 'UNCOMPRESSED'] as const) {
      await write('cb/data/wiki_qa/test-00000-of-00001.parquet', columns(codec));
      const [task] = await readChouBun({
        data: join(folder, 'cb/data'),
        repository: join(folder, 'cb'),
      });
      expect(task!.items.map(({ prompt }) => prompt)).toEqual(['東京／誰？', '大阪／何？']);
      expect(task!.items.map(({ groups }) => groups.length)).toEqual(['4-8k', '8k+']);
      expect(task!.items[1]!.score('三', allQuirks)).toBe(1);
    }
    await write('cb/data/wiki_qa/test-00000-of-00001.parquet', columns('SNAPPY').subarray(0, 100));
    await expect(
      readChouBun({ data: join(folder, 'cb/data'), repository: join(folder, 'cb') }),
    ).rejects.toThrow(/not a complete parquet/);
  });
});
