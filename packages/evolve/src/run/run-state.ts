import { readFile } from 'node:fs/promises';
import { CmaEs } from '@namm/cma-es';
import { FileFormatError, writeFileAtomic } from '@namm/core';
import * as z from '@namm/core/schema';
import {
  type ParsedTensor,
  parseSafetensors,
  readSealed,
  underPrefix,
  withPrefix,
  writeSealed,
} from '@namm/tensors/portable';
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
const version = '3';
const bestParameters = 'best.parameters';

/** Writes a state as one safetensors file with one checksum, atomically. */
export async function writeRunState(path: string, state: RunState<unknown>): Promise<void> {
  const { strategy, prepared, stage, generationInStage, pending, best, logged } = state;
  const parameters = best?.parameters ?? new Float64Array(0);
  const inner = withPrefix(strategy.snapshot(), 'strategy.');
  const measured = withPrefix({ metadata: {}, tensors: prepared }, 'prepared.');
  const bytes = writeSealed({
    metadata: {
      ...{ ...inner.metadata, format, version },
      progress: JSON.stringify({
        ...{ stage, generationInStage, logged, pending: [...pending] },
        best: best && { ...best, parameters: undefined },
      }),
    },
    tensors: {
      ...{ ...inner.tensors, ...measured.tensors },
      [bestParameters]: { shape: [parameters.length], data: parameters },
    },
  });
  await writeFileAtomic(path, bytes);
}

/**
 * Reads what {@link writeRunState} wrote.
 *
 * @param isScore of the problem
 * @throws {FileFormatError} when it is damaged, of another version, or something else
 */
export async function readRunState<Score>(
  path: string,
  isScore: (value: unknown) => value is Score,
): Promise<RunState<Score>> {
  const bytes = await readFile(path);
  checkVersion(path, parseSafetensors(bytes, path).metadata); // older ones have another checksum
  const file = readSealed(bytes, path);
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
      throw new FileFormatError(path, `slice ${slice} holds what is not a score of this problem`);
    }
    pending.set(slice, scores);
  }
  const measured = underPrefix(file, 'prepared.').tensors;
  const prepared = Object.fromEntries(
    Array.from(measured, ([name, tensor]) => [name, numbersOf(tensor)]),
  );
  const { best } = progress;
  const parameters = file.tensors.get(bestParameters);
  if (!parameters) throw new FileFormatError(path, `lacks ${bestParameters}`);
  return {
    strategy: CmaEs.restore(underPrefix(file, 'strategy.')),
    ...{ prepared, stage: progress.stage, generationInStage: progress.generationInStage, pending },
    best: best && { ...best, parameters: new Float64Array(parameters.bytes.buffer) },
    logged: progress.logged,
  };
}

function checkVersion(path: string, metadata: ReadonlyMap<string, string>): void {
  const found = metadata.get('version');
  if (metadata.get('format') !== format) {
    throw new FileFormatError(path, 'is not a state of an evolution');
  }
  if (found === version) return;
  const problem = `is a state of version ${found}, this is version ${version}; start another run from its mean`;
  throw new FileFormatError(path, problem);
}

function numbersOf({ shape, dtype, bytes: { buffer } }: ParsedTensor): NamedTensor {
  return { shape, data: dtype === 'F64' ? new Float64Array(buffer) : new Float32Array(buffer) };
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
