import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFormatError, InvalidArgumentError } from '@namm/core';
import {
  type EvictionPolicy,
  type KeptSlots,
  l2NormScorer,
  type PolicyState,
} from '@namm/kv-cache';
import { mean } from '@namm/statistics';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecallModel, WordTokenizer } from '../../test/recall-model.js';
import { testFiller } from '../../test/test-filler.js';
import { taskFamily } from '../task-families.js';
import {
  type Contender,
  classicContenders,
  fullContender,
  oracleContender,
  scorerContender,
} from './contender.js';
import { type MeasureOptions, measureRows } from './measure-rows.js';
import { ResultStore } from './result-store.js';
import { differRows, summariseConditions } from './summarise-condition.js';
import type { TableRow } from './table-row.js';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-table-'));
});
afterAll(() => rm(folder, { recursive: true }));
const open = (name = `${files++}.jsonl`) => ResultStore.open(join(folder, name));

const interval = 16;

/** Keeps, at every update, what is divisible by a number that each head has for itself; and the newest. */
const uneven: EvictionPolicy = {
  name: 'uneven',
  settings: {},
  probe: { kind: 'none' },
  updateInterval: interval,
  start: () => state,
  restore: () => state,
};
const state: PolicyState = {
  bytes: 96,
  observe() {},
  async select(view) {
    if (view.seen % interval !== 0) return view.shape.layers.map(() => null);
    return view.shape.layers.map(
      ({ keyValueHeads }, layer): KeptSlots =>
        Array.from({ length: keyValueHeads }, (_, head) => {
          const stays = (token: number) =>
            token === view.seen - 1 || token % (2 + layer + 3 * head) === 0;
          const slots = [...view.tokens(layer, head)].flatMap((t, slot) =>
            stays(t) ? [slot] : [],
          );
          return Uint32Array.from(slots);
        }),
    );
  },
  retain() {},
  fork: () => state,
  save: () => new Map(),
};
const reference: Contender = {
  name: 'uneven',
  version: 'v1',
  probe: { kind: 'none' },
  own: () => uneven,
};
const ranked = classicContenders(1).filter(({ probe }) => probe.kind === 'none');
const contenders = [fullContender, oracleContender, reference, ...ranked];

const base: TableRow = {
  setting: { model: 'recall', version: '1', factor: 1, kind: 'ntk', alpha: 1, logitFactor: 1 },
  length: 160,
  split: 'test',
  seed: 1,
  placement: 'last',
  updateInterval: interval,
  answers: 'teacherForced',
  contender: 'full',
  contenderVersion: '',
  budget: { kind: 'own' },
};
const like = { like: 'uneven', likeVersion: 'v1' };
const own = (contender: string, contenderVersion = '') => ({
  ...base,
  contender,
  contenderVersion,
});
const of = ({ name, version = '' }: Contender, budget: TableRow['budget']) => ({
  ...own(name, version),
  budget,
});
const allRows: TableRow[] = [
  own('full'),
  own('oracle'),
  own('uneven', 'v1'),
  ...ranked.flatMap((contender) => [
    of(contender, { kind: 'rows', ...like }),
    of(contender, { kind: 'bytes', ...like }),
    of(contender, { kind: 'heads', ...like }),
    of(contender, { kind: 'share', share: 0.5 }),
  ]),
];

function optionsWith(store: ResultStore, more: Partial<MeasureOptions> = {}) {
  const models: RecallModel[] = [];
  const options: MeasureOptions = {
    store,
    contenders,
    families: ['single-document', 'code-variables'].map(taskFamily),
    prompts: 3,
    filler: testFiller,
    tokenizer: new WordTokenizer(),
    batch: 2,
    loadModel: async (_, { chunkSize }) => {
      const model = new RecallModel(4000, chunkSize);
      models.push(model);
      return model;
    },
    ...more,
  };
  return { options, models };
}

describe('measureRows', () => {
  it('gives every policy its budget when the questions are asked, on every prompt', async () => {
    const store = await open();
    const { options, models } = optionsWith(store);
    await measureRows(allRows, options);
    expect(models.every(({ isReleased }) => isReleased)).toBe(true);
    const heads = 4;
    for (const result of store.results(own('uneven', 'v1'))) {
      const { family, index, seen, kept, bytes, counts } = result;
      const rows = kept.atAnswer * seen * heads;
      const total = bytes.keysAndValues + bytes.positions + bytes.policy;
      expect(counts!.map((update) => update.seen)).toEqual(
        counts!.map((_, update) => interval * (update + 1)),
      );
      for (const contender of ranked) {
        const at = (budget: TableRow['budget']) =>
          store.result(of(contender, budget), family, index)!;
        const rowsOf = (budget: TableRow['budget']) => at(budget).kept.atAnswer * seen * heads;
        expect(rowsOf({ kind: 'rows', ...like })).toBeCloseTo(rows, 6);
        expect(rowsOf({ kind: 'share', share: 0.5 })).toBeCloseTo(Math.floor(2 * seen), 6);
        const replayed = at({ kind: 'heads', ...like });
        expect(replayed.kept.average).toBeCloseTo(kept.average, 12);
        expect(replayed.bytes.average).toBeCloseTo(bytes.average, 6);
        const perRow = 36 + contender.bytesPerRow!(models[0]!.cacheShape.layers[0]!);
        const allowed = rowsOf({ kind: 'bytes', ...like }) * perRow;
        expect(allowed).toBeLessThanOrEqual(total + 1e-6);
        expect(allowed).toBeGreaterThan(total - perRow);
      }
    }
    await store.close();
  });

  it('measures after a stop what is missing, and comes to the same', async () => {
    const whole = await open();
    await measureRows(allRows, optionsWith(whole).options);
    const name = 'stopped.jsonl';
    for (const stopAfter of [1, 9, 40]) {
      const store = await open(name);
      let added = 0;
      const add = store.add.bind(store);
      store.add = async (row, result) => {
        if (added++ === stopAfter) throw new Error('stopped');
        await add(row, result);
      };
      await expect(measureRows(allRows, optionsWith(store).options)).rejects.toThrow('stopped');
      await store.close();
    }
    const store = await open(name);
    const { options, models } = optionsWith(store);
    await measureRows(allRows, options);
    const steps = models.flatMap((model) => model.steps).length;
    for (const row of allRows) {
      const byPrompt = (results: ReturnType<ResultStore['results']>) =>
        new Map(results.map((result) => [`${result.family}/${result.index}`, result]));
      expect(byPrompt(store.results(row))).toEqual(byPrompt(whole.results(row)));
    }
    // Nothing is measured twice, and with more prompts only those that are new.
    await measureRows(allRows, options);
    expect(models.flatMap((model) => model.steps)).toHaveLength(steps);
    await measureRows([own('full')], { ...options, prompts: 4 });
    expect(store.results(own('full'))).toHaveLength(8);
    await store.close();
    await whole.close();
  });

  it('refuses other prompts under the same row, unknown contenders and impossible budgets', async () => {
    const store = await open();
    const { options } = optionsWith(store, { prompts: 1 });
    await measureRows([own('full')], options);
    const tokenizer = new WordTokenizer(7);
    const changed = measureRows([own('full')], { ...options, tokenizer });
    await expect(changed).rejects.toThrow(FileFormatError);
    await expect(measureRows([own('nobody')], options)).rejects.toThrow(InvalidArgumentError);
    const told = of(oracleContender, { kind: 'share', share: 0.5 });
    await expect(measureRows([told], options)).rejects.toThrow("'oracle' cannot have");
    await expect(measureRows([own('l2')], options)).rejects.toThrow("'l2' cannot have");
    const nobody = of(ranked[0]!, { kind: 'rows', like: 'full', likeVersion: '' });
    await measureRows([nobody], options); // as many rows as the full cache: nothing goes
    expect(store.results(nobody)[0]!.kept.atAnswer).toBe(1);
    const uncounted = of(ranked[0]!, { kind: 'heads', like: 'full', likeVersion: '' });
    await expect(measureRows([uncounted], options)).rejects.toThrow('noted no counts');
    const rare = { ...own('uneven', 'v1'), updateInterval: 2 * interval };
    await expect(measureRows([rare], options)).rejects.toThrow('decides every 16 tokens');
    await store.add(own('oracle'), { ...store.results(own('full'))[0]!, digest: 'another' });
    const joined = () =>
      summariseConditions(store, [own('full'), own('oracle')], { evolvedFamilies: [] });
    expect(joined).toThrow('results of different prompts');
    await store.close();
  });

  it('scores decoded answers as teacher-forced ones where each question has a single right word', async () => {
    const store = await open();
    const { options } = optionsWith(store);
    const free = allRows.map((row): TableRow => ({ ...row, answers: 'generated' }));
    await measureRows(allRows, options);
    await measureRows(free, options);
    let right = 0;
    for (const [i, row] of allRows.entries()) {
      for (const forced of store.results(row)) {
        const decoded = store.result(free[i]!, forced.family, forced.index)!;
        expect(decoded.questions).toEqual(forced.questions);
        expect(decoded.logProbabilities).toEqual([]);
        right += mean(forced.questions);
      }
    }
    expect(right).toBeGreaterThan(0);
    await store.close();
  });
});

describe('summariseConditions', () => {
  it('says what slow sums over the results say', async () => {
    const store = await open();
    await measureRows(allRows, optionsWith(store).options);
    const [summary] = summariseConditions(store, allRows, {
      evolvedFamilies: ['single-document'],
      resamples: 200,
    });
    expect(summary!.rows.map(({ row }) => row)).toEqual(allRows);
    const familyMean = (row: TableRow, family: string) =>
      mean(
        store
          .results(row)
          .filter((result) => result.family === family)
          .map(({ questions }) => mean(questions)),
      );
    const families = ['single-document', 'code-variables'];
    const exact = (row: TableRow) => mean(families.map((family) => familyMean(row, family)));
    for (const { row, groups, families: perFamily, prompts, bytesShare } of summary!.rows) {
      const [full, oracle] = [own('full'), own('oracle')];
      expect(prompts).toBe(6);
      expect(groups.all!.exactMatch.estimate).toBeCloseTo(exact(row), 12);
      expect(groups.all!.ratio!.estimate).toBeCloseTo(exact(row) / exact(full), 12);
      const ratios = families.map((f) => familyMean(row, f) / familyMean(full, f));
      expect(groups.all!.macro!.estimate).toBeCloseTo(mean(ratios), 12);
      expect(groups.evolved!.ratio!.estimate).toBeCloseTo(ratios[0]!, 12);
      expect(groups.heldOut!.ratio!.estimate).toBeCloseTo(ratios[1]!, 12);
      if (exact(oracle) > exact(full)) {
        const gap = (exact(row) - exact(full)) / (exact(oracle) - exact(full));
        expect(groups.all!.gapClosed!.estimate).toBeCloseTo(gap, 12);
      } else expect(groups.all!.gapClosed).toBeNull();
      for (const f of families) expect(perFamily.get(f)!.estimate).toBe(familyMean(row, f));
      const bytes = (of: TableRow) => mean(store.results(of).map((r) => r.bytes.keysAndValues));
      expect(bytesShare).toBeCloseTo(bytes(row) / bytes(full), 12);
    }
    const [fullRow, , unevenRow] = summary!.rows;
    const { difference, p } = differRows(fullRow!, unevenRow!);
    expect(difference.estimate).toBeCloseTo(exact(own('full')) - exact(own('uneven', 'v1')), 12);
    expect(p).toBeLessThanOrEqual(1);
    expect(differRows(fullRow!, fullRow!)).toMatchObject({ p: 1, difference: { estimate: 0 } });
    await store.close();
  });

  it('compares only prompts that all rows have, and needs a full cache', async () => {
    const store = await open();
    const { options } = optionsWith(store);
    await measureRows([own('full')], options);
    await measureRows([own('oracle')], { ...options, prompts: 2 });
    const rows = [own('full'), own('oracle')];
    const [summary] = summariseConditions(store, rows, { evolvedFamilies: [], resamples: 10 });
    expect(summary!.rows.map(({ prompts }) => prompts)).toEqual([4, 4]);
    expect(summary!.rows[0]!.groups.evolved).toBeUndefined();
    expect(summariseConditions(store, [own('oracle')], { evolvedFamilies: [] })).toEqual([]);
    await store.close();
  });
});

describe('scorerContender', () => {
  it('is called after its scorer unless it is named', () => {
    expect(scorerContender(l2NormScorer()).name).toBe('l2');
    expect(scorerContender(l2NormScorer(), 'mine').name).toBe('mine');
  });
});
