import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Evaluator,
  evolve,
  InProcessEvaluator,
  isFailure,
  RunFolderError,
  type Slice,
  type SliceScores,
} from '../src/index.js';
import {
  ControllerAssessor,
  controllerProblem,
  controllerSearch,
  type Episode,
  type Measurement,
  type Outcome,
} from './controller.js';
import { expectSameRuns, logOf } from './same-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-controller-'));
const whole = join(folder, 'whole');
const inProcess = () => new InProcessEvaluator(new ControllerAssessor());
const common = { problem: controllerProblem(), search: controllerSearch };

beforeAll(async () => {
  await evolve({ ...common, folder: whole, evaluator: inProcess() });
}, 60_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

/** A queue of jobs that are bytes, as one on another machine has them: answered late, twice, in any order. */
class QueueEvaluator implements Evaluator<Episode, Outcome, Measurement> {
  readonly concurrency = 3;
  readonly version = new ControllerAssessor().version;
  readonly #jobs = new Map<string, Buffer>();
  readonly #done = new Map<string, (scores: SliceScores<Outcome>) => void>();
  readonly #worker = inProcess();
  deliveries = 0;

  async prepare(request: Measurement) {
    return this.#worker.prepare(deserialize(serialize(request)));
  }

  evaluate(slice: Slice<Episode>): Promise<SliceScores<Outcome>> {
    expect(slice.id).toMatch(/^[a-z][a-z0-9-]*$/); // what queues take for the id of a job
    expect(this.#jobs.has(slice.id)).toBe(false);
    this.#jobs.set(slice.id, serialize(slice));
    return new Promise((resolve) => {
      this.#done.set(slice.id, resolve);
      setTimeout(() => this.#work(), 1);
    });
  }

  async close(): Promise<void> {
    await this.#worker.close();
  }

  /** The newest job first, and its answer twice. */
  async #work(): Promise<void> {
    const [id, job] = [...this.#jobs].at(-1)!;
    this.#jobs.delete(id);
    for (let delivery = 0; delivery < 2; delivery++) {
      const scores = await this.#worker.evaluate(deserialize(job));
      this.deliveries++;
      this.#done.get(id)!(JSON.parse(JSON.stringify(scores)));
    }
  }
}

describe('another problem than text', () => {
  it('is evolved to something better than its baseline, within what is allowed', () => {
    const { parameters, validation } = JSON.parse(readFileSync(join(whole, 'best.json'), 'utf8'));
    expect(parameters).toHaveLength(3);
    expect(validation.shortfall).toBe(0);
    const [start] = logOf(whole);
    expect(validation.fitness).toBeGreaterThan(start!.validation!.fitness);
    expect(logOf(whole).map(({ stage }) => stage)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    const page = readFileSync(join(whole, 'report.html'), 'utf8');
    expect(page).toContain('Evolving a controller');
    expect(page).toContain('6 of 6 generations');
  });

  it('is evaluated behind a queue to the same bits', async () => {
    const run = join(folder, 'queued');
    const evaluator = new QueueEvaluator();
    await evolve({ ...common, folder: run, evaluator });
    expectSameRuns(run, whole);
    expect(evaluator.deliveries).toBeGreaterThan(20);
  });

  it('goes on after a stop in the middle of a generation', async () => {
    const run = join(folder, 'stopped');
    for (let stops = 0; ; stops++) {
      const stop = new AbortController();
      const { isComplete } = await evolve({
        ...{ ...common, folder: run, evaluator: inProcess(), signal: stop.signal },
        onProgress: () => stop.abort(),
      });
      if (isComplete) break;
      expect(stops).toBeLessThan(60);
    }
    expectSameRuns(run, whole);
  });

  it('ranks what misses a demand below all that do not', async () => {
    const run = join(folder, 'forceful');
    const search = { ...controllerSearch, sigma: 20 }; // gains that push with all their might
    await evolve({ ...common, search, folder: run, evaluator: inProcess() });
    const all = logOf(run);
    const candidates = all.flatMap((record) => record.candidates.filter((one) => one !== null));
    expect(candidates.some(({ shortfall }) => shortfall > 0)).toBe(true);
    const { validation } = JSON.parse(readFileSync(join(run, 'best.json'), 'utf8'));
    expect(validation.shortfall).toBe(0);
    const short = all.filter(({ validation: own }) => own !== null && own.shortfall > 0);
    for (const { validation: own } of short) expect(own!.isBest && own!.shortfall > 0).toBe(false);
  });

  it('refuses the folder of an older version, of other settings, and what is damaged', async () => {
    const run = join(folder, 'older');
    await evolve({ ...common, folder: run, evaluator: inProcess() });
    const settings = readFileSync(join(run, 'settings.json'), 'utf8');
    const again = (changes: object = {}) =>
      evolve({ ...common, folder: run, evaluator: inProcess(), ...changes });
    for (const [text, message] of [
      ['{"model":{},"stages":[],"sigma":0.1}', 'runs of other versions than 2 cannot go on'],
      ['{"stages":', 'is not JSON'],
      [settings.replace('"generations": 3', '"generations": -3'), 'at stages.0.generations'],
    ] as const) {
      writeFileSync(join(run, 'settings.json'), text);
      await expect(again()).rejects.toThrow(RunFolderError);
      await expect(again()).rejects.toThrow(message);
    }
    writeFileSync(join(run, 'settings.json'), settings);
    const other = { ...controllerSearch, sigma: 0.2 };
    await expect(again({ search: other })).rejects.toThrow('sigma (there: 0.3, given: 0.2)');
    const log = readFileSync(join(run, 'log.jsonl'), 'utf8');
    writeFileSync(join(run, 'log.jsonl'), log.replace('"sigma":', '"sigma_":'));
    await expect(again()).rejects.toThrow('line 1 of its log.jsonl');
  });

  it('says when an evaluator gives back something else than scores', async () => {
    for (const wrong of [[], [[null]], 'later', [[{ loss: 3 }]]]) {
      const evaluator: Evaluator<Episode, Outcome, Measurement> = {
        ...{ concurrency: 1, version: 'controller 1', close: async () => {} },
        prepare: (request) => inProcess().prepare(request),
        evaluate: async () => wrong as never,
      };
      const run = join(folder, 'wrong');
      await expect(evolve({ ...common, folder: run, evaluator })).rejects.toThrow(
        'the evaluator’s answer',
      );
    }
  });

  it('keeps the scores of others when one candidate fails, and says what failed', async () => {
    const assessor = new ControllerAssessor();
    const failing = new InProcessEvaluator<Episode, Outcome>({
      version: 'failing',
      async assess(slice) {
        if (slice.contenders.some((one) => one instanceof Float64Array && one[0] === 7)) {
          throw new Error('it broke');
        }
        const rows = await assessor.assess(slice);
        return rows.map((row, i) =>
          slice.units[i]!.seed === 2 ? row.map((one) => ({ ...one, effort: Number.NaN })) : row,
        );
      },
    });
    const units = [1, 2].map((seed) => ({ mass: 1, seed }));
    const prepared = { scale: { shape: [2], data: Float64Array.of(1, 1) } };
    const contenders = ['thumb', Float64Array.of(7, 0, 0), Float64Array.of(1, 1, 0)];
    const [first, second] = await failing.evaluate({ id: 'a', prepared, units, contenders });
    const [wanted] = await assessor.assess({ id: 'a', prepared, units, contenders });
    expect([first![0], first![2]]).toEqual([wanted![0], wanted![2]]);
    expect(first![1]).toEqual({ failed: 'Error: it broke' });
    expect(second![0]).toEqual({ failed: 'effort is NaN' });
    expect(second!.every(isFailure)).toBe(true);
  });
});
