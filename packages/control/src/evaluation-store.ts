import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, JsonLines } from '@namm/core';
import * as z from '@namm/core/schema';
import { type EpisodeRecord, episodeRecord, keyOf } from './episode-record.js';
import type { EvaluationPlan } from './evaluation-plan.js';
import type { MemoryContender } from './memory-contender.js';

const format = 'namm-evaluation/1';
const fileName = 'episodes.jsonl';
const header = z.strictObject({
  format: z.literal(format),
  settings: z.record(z.string(), z.unknown()),
});
type Header = z.infer<typeof header>;

/**
 * Finished episodes, in the append-only file `episodes.jsonl` of a folder, or only in memory. A run that was killed at
 * any point resumes from it, and episodes and contenders can be added later. Only one process may write at a time.
 *
 * @example
 * ```ts
 * const store = await EvaluationStore.open('runs/hopper', plan);
 * await runEvaluation(plan, store);
 * await store.close();
 * ```
 */
export class EvaluationStore {
  readonly #file: JsonLines<Header | EpisodeRecord> | null;
  readonly #records = new Map<string, Map<number, EpisodeRecord>>();

  private constructor(file: JsonLines<Header | EpisodeRecord> | null) {
    this.#file = file;
  }

  /**
   * Opens a folder, or creates it. An incomplete last line of a killed run is removed.
   *
   * @param folder null keeps everything in memory only
   * @throws {InvalidArgumentError} when the folder holds the evaluation of another agent, environment or options
   * @throws {FileFormatError} when a line is invalid; nothing is then changed
   */
  static async open(
    folder: string | null,
    { settings }: Pick<EvaluationPlan, 'settings'>,
  ): Promise<EvaluationStore> {
    if (folder === null) return new EvaluationStore(null);
    await mkdir(folder, { recursive: true });
    const path = join(folder, fileName);
    const file = await JsonLines.open<Header | EpisodeRecord>(path, {
      what: 'of an evaluation',
      parse: (value, index) => (index === 0 ? header : episodeRecord).parse(value),
    });
    try {
      const store = new EvaluationStore(file);
      const [first, ...records] = file.found as [Header?, ...EpisodeRecord[]];
      if (first === undefined) await file.append({ format, settings: { ...settings } });
      else checkHeader(folder, first, settings);
      for (const record of records) store.#take(record);
      return store;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  record(contender: MemoryContender, seed: number): EpisodeRecord | undefined {
    return this.#records.get(keyFor(contender))?.get(seed);
  }

  /** Adds an episode; when the promise resolves, it is on disk. */
  async add(record: EpisodeRecord): Promise<void> {
    await this.#file?.append(record);
    this.#take(record);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  #take(record: EpisodeRecord): void {
    const key = keyOf(record);
    if (!this.#records.has(key)) this.#records.set(key, new Map());
    this.#records.get(key)!.set(record.seed, record);
  }
}

const keyFor = ({ name, settings }: MemoryContender) => keyOf({ contender: name, settings });

function checkHeader(
  folder: string,
  { settings: there }: Header,
  settings: EvaluationPlan['settings'],
): void {
  const wanted = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  for (const [name, value] of Object.entries(wanted)) {
    const [before, now] = [there[name], value].map((each) => JSON.stringify(each));
    if (before === now) continue;
    const problem = `${folder} holds an evaluation with another ${name}: ${before}, not ${now}; name another folder`;
    throw new InvalidArgumentError('out', problem);
  }
}
