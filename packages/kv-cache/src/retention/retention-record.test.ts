import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RetentionRecord } from '@namm/core';
import { FileFormatError, heldTokens, InvalidArgumentError } from '@namm/core';
import type { TensorData } from '@namm/tensors';
import { openSafetensors, writeSealedFile } from '@namm/tensors';
import { expectEqualNumbers, expectFlipsSeen } from '@namm/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRetentionRecord } from './read-retention-record.js';
import { writeRetentionRecord } from './write-retention-record.js';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-retention-'));
  path = join(folder, 'record.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

/** The obvious form: per update the tokens that every head holds, and the record that says the same. */
interface Story {
  readonly held: number[][][];
  readonly record: RetentionRecord;
}

/** Heads that at each update get new tokens and lose any of those they hold. */
const stories: fc.Arbitrary<Story> = fc
  .record({
    headsPerLayer: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    fresh: fc.array(fc.nat(5), { maxLength: 6 }),
    stays: fc.infiniteStream(fc.boolean()),
    numbers: fc.infiniteStream(fc.nat(2 ** 16 - 1)),
    text: fc.option(fc.infiniteStream(fc.string({ unit: 'grapheme', maxLength: 3 }))),
    hasIds: fc.boolean(),
    hasParts: fc.boolean(),
    notes: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string(), { noNullPrototype: true }),
  })
  .map(({ headsPerLayer, fresh, stays, numbers, text, hasIds, hasParts, notes }) => {
    const heads = headsPerLayer.reduce((sum, count) => sum + count, 0);
    const next = <Value>(stream: fc.Stream<Value>) => stream.next().value as Value;
    const seen = Uint32Array.from(fresh);
    for (let i = 1; i < seen.length; i++) seen[i]! += seen[i - 1]!;
    const held: number[][][] = [];
    for (const [update, count] of fresh.entries()) {
      const arrived = Array.from({ length: count }, (_, i) => seen[update]! - count + i);
      const before = held.at(-1) ?? Array.from({ length: heads }, () => []);
      held.push(before.map((own) => [...own, ...arrived].filter(() => next(stays))));
    }
    const tokens = seen.at(-1) ?? 0;
    const evictedAt = new Uint32Array(heads * tokens).fill(fresh.length);
    for (let i = 0; i < evictedAt.length; i++) {
      const [head, token] = [Math.floor(i / tokens), i % tokens];
      const lost = held.findIndex((now, u) => token < seen[u]! && !now[head]!.includes(token));
      if (lost >= 0) evictedAt[i] = lost;
    }
    const floats = () => Float64Array.from(fresh, () => next(numbers));
    const scores = fresh.flatMap((_, update) =>
      next(stays)
        ? [
            {
              update,
              values: Uint16Array.from({ length: heads * seen[update]! }, () => next(numbers)),
            },
          ]
        : [],
    );
    const record: RetentionRecord = {
      model: 'toy',
      policy: 'chosen',
      headsPerLayer,
      seen,
      bytes: { allocated: floats(), used: floats(), positions: floats(), policy: floats() },
      evictedAt,
      scores,
      ...(hasIds ? { ids: Uint32Array.from({ length: tokens }, () => next(numbers)) } : {}),
      ...(text === null ? {} : { pieces: Array.from({ length: tokens }, () => next(text)) }),
      ...(hasParts
        ? { parts: fresh.filter(Boolean).map((n, i) => ({ name: `turn ${i}`, tokens: n })) }
        : {}),
      notes,
    };
    return { held, record };
  });

/** A small record that is right, for tests that make it wrong. */
const right: RetentionRecord = {
  model: 'toy',
  policy: 'chosen',
  headsPerLayer: [1, 2],
  seen: Uint32Array.of(2, 3),
  bytes: {
    allocated: Float64Array.of(8, 9),
    used: Float64Array.of(4, 5),
    positions: Float64Array.of(1, 1),
    policy: Float64Array.of(0, 0),
  },
  evictedAt: Uint32Array.of(2, 0, 1, 1, 2, 2, 2, 2, 2),
  scores: [{ update: 1, values: new Uint16Array(9) }],
  ids: Uint32Array.of(5, 6, 7),
  pieces: ['a', '', 'ß'],
  parts: [
    { name: 'prompt', tokens: 2 },
    { name: 'answer', tokens: 1 },
  ],
  notes: { budget: '25%' },
};

/** As `toEqual`, which takes seconds for lists as long as these. */
function expectSame(actual: RetentionRecord, expected: RetentionRecord): void {
  const lists = ({ seen, evictedAt, bytes, scores, ids }: RetentionRecord) => [
    ...[seen, evictedAt, ...Object.values(bytes), ...scores.map(({ values }) => values)],
    ...(ids ? [ids] : []),
  ];
  const [own, others] = [lists(actual), lists(expected)];
  expect(own.length).toBe(others.length);
  for (const [i, list] of own.entries()) expectEqualNumbers(list, others[i]!);
  const rest = (record: RetentionRecord) => ({
    ...record,
    ...{ seen: null, evictedAt: null, bytes: Object.keys(record.bytes), ids: null },
    scores: record.scores.map(({ update }) => update),
  });
  expect(rest(actual)).toEqual(rest(expected));
}

describe('a retention record', () => {
  it('says what each head held, and comes back from its file', async () => {
    await fc.assert(
      fc.asyncProperty(stories, async ({ held, record }) => {
        await writeRetentionRecord(path, record);
        const read = await readRetentionRecord(path);
        expectSame(read, record);
        for (const [update, heads] of held.entries()) {
          let index = 0;
          for (const [layer, count] of record.headsPerLayer.entries()) {
            for (let head = 0; head < count; head++) {
              expect(heldTokens(read, layer, head, update)).toEqual(heads[index++]);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('takes two bytes per token and head, whatever the number of updates', async () => {
    const [heads, tokens, updates] = [30 * 8, 1024, 500];
    const zeros = new Float64Array(updates);
    const record: RetentionRecord = {
      model: 'toy',
      policy: 'chosen',
      headsPerLayer: new Array(30).fill(8),
      seen: Uint32Array.from(zeros, (_, i) => tokens - updates + i + 1),
      bytes: { allocated: zeros, used: zeros, positions: zeros, policy: zeros },
      evictedAt: new Uint32Array(heads * tokens).fill(updates),
      scores: [],
      notes: {},
    };
    await writeRetentionRecord(path, record);
    const { size } = await stat(path);
    expect(size).toBeLessThan(2 * heads * tokens + 36 * updates + 1000);
    expectSame(await readRetentionRecord(path), record);
  });

  it('goes on in 32 bits where there are more updates than 16 hold', async () => {
    const updates = 70_000;
    const zeros = new Float64Array(updates);
    const record: RetentionRecord = {
      ...right,
      headsPerLayer: [1],
      seen: new Uint32Array(updates).fill(2),
      bytes: { allocated: zeros, used: zeros, positions: zeros, policy: zeros },
      evictedAt: Uint32Array.of(69_999, updates),
      scores: [],
      ids: Uint32Array.of(0, 2 ** 32 - 1),
      pieces: ['', ''],
      parts: [{ name: 'both', tokens: 2 }],
    };
    await writeRetentionRecord(path, record);
    expectSame(await readRetentionRecord(path), record);
  });

  it.each<[string, Partial<RetentionRecord>, string]>([
    ['no layers', { headsPerLayer: [], evictedAt: new Uint32Array(0) }, 'headsPerLayer'],
    ['half a head', { headsPerLayer: [1.5, 1.5] }, 'headsPerLayer'],
    ['fewer tokens later', { seen: Uint32Array.of(3, 2) }, 'falls at update 1'],
    ['an eviction before the token came', { evictedAt: right.evictedAt.with(2, 0) }, 'token 2 of'],
    ['an eviction after the end', { evictedAt: right.evictedAt.with(0, 3) }, 'says 3 for token 0'],
    ['too few evictions', { evictedAt: new Uint32Array(8) }, '3 heads × 3 tokens'],
    [
      'negative bytes',
      { bytes: { ...right.bytes, used: Float64Array.of(1, -1) } },
      'bytes.used holds -1',
    ],
    ['bytes of other updates', { bytes: { ...right.bytes, used: new Float64Array(1) } }, 'updates'],
    ['scores of no update', { scores: [{ update: 2, values: new Uint16Array(9) }] }, 'update 2'],
    ['too few scores', { scores: [{ update: 1, values: new Uint16Array(8) }] }, 'are 8, not 3'],
    ['too few ids', { ids: new Uint32Array(2) }, '2 ids for 3'],
    ['too many pieces', { pieces: ['a', 'b', 'c', 'd'] }, '4 pieces for 3'],
    ['parts that leave tokens out', { parts: [{ name: 'prompt', tokens: 2 }] }, '2 tokens in all'],
    ['an empty part', { parts: [...right.parts!, { name: 'end', tokens: 0 }] }, 'part 2 has 0'],
    ['a nameless part', { parts: [{ name: '', tokens: 3 }] }, 'part 0 has no name'],
    ['half a character', { pieces: ['a', '\ud83d', 'b'] }, 'piece 1'],
  ])('is refused with %s, and nothing is written', async (_, change, message) => {
    const target = join(folder, 'refused.safetensors');
    const refused = writeRetentionRecord(target, { ...right, ...change });
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
    await expect(stat(target)).rejects.toThrow('ENOENT');
  });

  it('knows only the layers, heads and updates it has', () => {
    expect(heldTokens(right, 0, 0, 0)).toEqual([0]);
    expect(() => heldTokens(right, 2, 0, 0)).toThrow(InvalidArgumentError);
    expect(() => heldTokens(right, 0, 1, 0)).toThrow(InvalidArgumentError);
    expect(() => heldTokens(right, 0, 0, 2)).toThrow(InvalidArgumentError);
  });
});

describe('a file that is no retention record', () => {
  const metadata = {
    format: 'namm-retention-1',
    model: 'toy',
    policy: 'chosen',
    heads_per_layer: '[1]',
    notes: '{}',
  };
  const tensors: Record<string, TensorData> = {
    seen: { shape: [1], data: Uint32Array.of(2) },
    bytes: { shape: [4, 1], data: new Float64Array(4) },
    evicted_at: { shape: [1, 2], data: Uint16Array.of(1, 1) },
    text: { shape: [3], data: Uint8Array.of(0x61, 0xc3, 0x9f) },
    text_ends: { shape: [2], data: Uint32Array.of(1, 3) },
  };

  it.each<[string, Record<string, TensorData>, Record<string, string>, string]>([
    ['another format', {}, { format: 'pt' }, 'namm-retention-1'],
    ['layers that are none', {}, { heads_per_layer: '"8"' }, 'heads_per_layer'],
    ['broken JSON', {}, { notes: '{' }, 'not JSON'],
    ['notes that are none', {}, { notes: '[1]' }, 'notes'],
    ['parts that are none', {}, { parts: '[1]' }, 'parts'],
    ['parts of other tokens', {}, { parts: '[{"name":"a","tokens":3}]' }, '3 tokens in all'],
    ['more heads than evictions', {}, { heads_per_layer: '[1000000000]' }, 'evicted_at'],
    ['floats for counts', { seen: { shape: [1], data: Float32Array.of(2) } }, {}, '"seen" is F32'],
    ['a missing row', { bytes: { shape: [3, 1], data: new Float64Array(3) } }, {}, '"bytes"'],
    ['axes swapped', { evicted_at: { shape: [2, 1], data: Uint16Array.of(1, 1) } }, {}, '[2,1]'],
    [
      'an impossible update',
      { evicted_at: { shape: [1, 2], data: Uint16Array.of(1, 9) } },
      {},
      '9',
    ],
    [
      'text cut in a character',
      { text_ends: { shape: [2], data: Uint32Array.of(2, 3) } },
      {},
      'UTF-8',
    ],
    ['text out of order', { text_ends: { shape: [2], data: Uint32Array.of(4, 3) } }, {}, 'order'],
    [
      'text left over',
      { text_ends: { shape: [2], data: Uint32Array.of(0, 1) } },
      {},
      'continues after its last token',
    ],
    [
      'scores of no update',
      { 'scores.7': { shape: [1, 0], data: new Uint16Array(0), dtype: 'F16' } },
      {},
      'update 7',
    ],
    [
      'scores in another dtype',
      { 'scores.0': { shape: [1, 2], data: new Uint16Array(2) } },
      {},
      'F16',
    ],
  ])('is refused: %s', async (_, changed, strings, message) => {
    const all = { ...tensors, ...changed };
    await writeSealedFile(path, Object.entries(all), { ...metadata, ...strings });
    const refused = readRetentionRecord(path);
    await expect(refused).rejects.toThrow(FileFormatError);
    await expect(refused).rejects.toThrow(message);
  });

  it('is refused whichever bit is damaged', async () => {
    await writeRetentionRecord(path, right);
    await expectFlipsSeen(path, readRetentionRecord);
  });

  it('is refused or read whole, whatever was changed or cut', async () => {
    await writeRetentionRecord(path, right);
    const intact = await readFile(path);
    const { dataOffset } = await openSafetensors(path);
    const damaged = join(folder, 'damaged.safetensors');
    const edit = fc.record({ at: fc.nat(), byte: fc.nat(255), inData: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { maxLength: 3 }),
        fc.option(fc.nat()),
        async (edits, cut) => {
          const bytes = intact.slice();
          for (const { at, byte, inData } of edits) {
            const start = inData ? dataOffset : 0;
            bytes[start + (at % (bytes.length - start))] = byte;
          }
          await writeFile(damaged, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
          const result = await readRetentionRecord(damaged).catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(FileFormatError);
          else
            await writeRetentionRecord(
              join(folder, 'again.safetensors'),
              result as RetentionRecord,
            );
        },
      ),
      { numRuns: 300 },
    );
  });
});
