import { CmaEs } from '@namm/cma-es';
import { FileFormatError } from '@namm/core';
import type { Normaliser } from '@namm/features';
import { openSafetensors, writeSafetensors } from '@namm/tensors';
import type { SliceScores } from '../evaluation/evaluator.js';

/** The best mean so far. */
interface BestMean {
  readonly generation: number;
  readonly stage: number;
  readonly fitness: number;
  readonly keptShare: number;
  readonly parameters: Float64Array;
}

/** All that a run has to remember; with the settings, everything else follows from it. */
export interface RunState {
  readonly strategy: CmaEs;
  readonly normaliser: Normaliser;
  /** Stage under way, and generations completed in it. */
  stage: number;
  generationInStage: number;
  /** Slices of the generation under way that are evaluated, by number. */
  readonly pending: Map<number, SliceScores>;
  best: BestMean | null;
  /** Lines of the log that belong to this state; what a process that was killed wrote after them does not. */
  logged: number;
}

const format = 'namm-evolution';
const version = '1';

/** Writes a state as a safetensors file, atomically. */
export async function writeRunState(path: string, state: RunState): Promise<void> {
  const { strategy, normaliser, stage, generationInStage, pending, best, logged } = state;
  const { shape, mean, variance, count } = normaliser;
  const bytes = strategy.save();
  const parameters = best?.parameters ?? new Float64Array(0);
  const tensors = {
    strategy: { shape: [bytes.length], data: bytes },
    'best.parameters': { shape: [parameters.length], data: parameters },
    'normaliser.mean': { shape, data: mean },
    'normaliser.variance': { shape, data: variance },
    'normaliser.count': { shape: shape.slice(0, -1), data: count },
  };
  await writeSafetensors(path, Object.entries(tensors), {
    ...{ format, version },
    progress: JSON.stringify({
      ...{ stage, generationInStage, logged, pending: [...pending] },
      best: best && { ...best, parameters: null },
    }),
  });
}

/**
 * Reads what {@link writeRunState} wrote.
 *
 * @throws {FileFormatError} when it is damaged, or something else
 */
export async function readRunState(path: string): Promise<RunState> {
  const file = await openSafetensors(path);
  if (file.metadata.get('format') !== format || file.metadata.get('version') !== version) {
    throw new FileFormatError(path, `is no state of an evolution of version ${version}`);
  }
  const progress = readProgress(path, file.metadata.get('progress'));
  const best = progress.best && {
    ...progress.best,
    parameters: await file.readFloat64('best.parameters'),
  };
  return {
    strategy: CmaEs.load(await file.readBytes('strategy')),
    normaliser: {
      shape: file.entry('normaliser.mean').shape,
      mean: await file.readFloat32('normaliser.mean'),
      variance: await file.readFloat32('normaliser.variance'),
      count: await file.readFloat64('normaliser.count'),
    },
    stage: progress.stage,
    generationInStage: progress.generationInStage,
    pending: new Map(progress.pending),
    best,
    logged: progress.logged,
  };
}

interface Progress {
  readonly stage: number;
  readonly generationInStage: number;
  readonly logged: number;
  readonly pending: readonly (readonly [number, SliceScores])[];
  readonly best: Omit<BestMean, 'parameters'> | null;
}

function readProgress(path: string, text: string | undefined): Progress {
  try {
    const progress = JSON.parse(text ?? '') as Progress;
    const counts = [progress.stage, progress.generationInStage];
    const isCounted = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
    if (isCounted && Array.isArray(progress.pending)) return progress;
  } catch (cause) {
    throw new FileFormatError(path, 'its progress is no JSON; take a copy of the folder', {
      cause,
    });
  }
  throw new FileFormatError(path, 'its progress lacks stage, generation or pending results');
}
