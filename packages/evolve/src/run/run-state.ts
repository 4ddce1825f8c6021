import { CmaEs } from '@namm/cma-es';
import { FileFormatError } from '@namm/core';
import { openSafetensors, writeSafetensors } from '@namm/tensors';
import * as z from 'zod/mini';
import { type Failure, isFailure, type SliceScores } from '../evaluation/evaluator.js';
import type { NamedTensor, NamedTensors } from '../named-tensors.js';
import { parseJson } from './parse-json.js';

/** The best mean so far. */
export interface BestMean {
  readonly generation: number;
  readonly stage: number;
  readonly fitness: number;
  readonly shortfall: number;
  readonly cost: number;
  readonly parameters: Float64Array;
}

/** All that a run has to remember; with the settings, everything else follows from it. */
export interface RunState<Score> {
  readonly strategy: CmaEs;
  /** What the problem measured before the first generation. */
  readonly prepared: NamedTensors;
  /** Stage under way, and generations completed in it. */
  stage: number;
  generationInStage: number;
  /** Slices of the generation under way that are evaluated, by number. */
  readonly pending: Map<number, SliceScores<Score>>;
  best: BestMean | null;
  /** Lines of the log that belong to this state; what a process that was killed wrote after them does not. */
  logged: number;
}

const format = 'namm-evolution';
const version = '2';
const prefix = 'prepared.';

/** Writes a state as a safetensors file, atomically. */
export async function writeRunState(path: string, state: RunState<unknown>): Promise<void> {
  const { strategy, prepared, stage, generationInStage, pending, best, logged } = state;
  const bytes = strategy.save();
  const parameters = best?.parameters ?? new Float64Array(0);
  const tensors = {
    strategy: { shape: [bytes.length], data: bytes },
    'best.parameters': { shape: [parameters.length], data: parameters },
    ...Object.fromEntries(
      Object.entries(prepared).map(([name, tensor]) => [prefix + name, tensor]),
    ),
  };
  await writeSafetensors(path, Object.entries(tensors), {
    ...{ format, version },
    progress: JSON.stringify({
      ...{ stage, generationInStage, logged, pending: [...pending] },
      best: best && { ...best, parameters: undefined },
    }),
  });
}

/**
 * Reads what {@link writeRunState} wrote.
 *
 * @param isScore of the problem
 * @throws {FileFormatError} when it is damaged, or something else
 */
export async function readRunState<Score>(
  path: string,
  isScore: (value: unknown) => value is Score,
): Promise<RunState<Score>> {
  const file = await openSafetensors(path);
  const found = file.metadata.get('version');
  if (file.metadata.get('format') !== format || found !== version) {
    const isOlder = file.metadata.get('format') === format;
    throw new FileFormatError(
      path,
      isOlder
        ? `is a state of version ${found}, this is version ${version}; start another run from its mean`
        : 'is no state of an evolution',
    );
  }
  const progress = parseJson(
    file.metadata.get('progress') ?? '',
    progressSchema,
    (problem, cause) => new FileFormatError(path, `its progress ${problem}`, cause),
  );
  const isKnown = (score: unknown): score is Score | Failure => isFailure(score) || isScore(score);
  const pending = new Map<number, SliceScores<Score>>();
  for (const [slice, rows] of progress.pending) {
    const scores = rows.map((row) => row.filter(isKnown));
    if (scores.some((row, i) => row.length < rows[i]!.length)) {
      throw new FileFormatError(path, `slice ${slice} holds what is no score of this problem`);
    }
    pending.set(slice, scores);
  }
  const prepared: Record<string, NamedTensor> = {};
  for (const [name, { shape, dtype }] of file.tensors) {
    if (!name.startsWith(prefix)) continue;
    const data = await (dtype === 'F64' ? file.readFloat64(name) : file.readFloat32(name));
    prepared[name.slice(prefix.length)] = { shape, data };
  }
  const { best } = progress;
  return {
    strategy: CmaEs.load(await file.readBytes('strategy')),
    ...{ prepared, stage: progress.stage, generationInStage: progress.generationInStage, pending },
    best: best && { ...best, parameters: await file.readFloat64('best.parameters') },
    logged: progress.logged,
  };
}

const count = z.int().check(z.nonnegative());

const progressSchema = z.object({
  ...{ stage: count, generationInStage: count, logged: count },
  pending: z.array(z.tuple([count, z.array(z.array(z.unknown()))])),
  best: z.nullable(
    z.object({
      ...{ generation: count, stage: count },
      ...{ fitness: z.number(), shortfall: z.number(), cost: z.number() },
    }),
  ),
});
