import { mean } from '@namm/statistics';
import {
  type Entrant,
  type Evaluator,
  isFailure,
  type SliceScores,
} from '../evaluation/evaluator.js';
import type { NamedTensors } from '../named-tensors.js';
import type { Judgement, Measures, Problem } from '../problem.js';
import { EvaluationError } from './errors.js';

/** Scores of the baselines, `[units][baselines]`. */
export type BaselineScores<Score> = SliceScores<Score>;

/** Candidates to be scored, each on all units. */
interface Work<Unit, Score> {
  readonly problem: Pick<Problem<Unit, Score>, 'baselines' | 'isScore' | 'judge' | 'sizeOf'>;
  readonly evaluator: Pick<Evaluator<Unit, Score>, 'concurrency' | 'evaluate'>;
  /** Begins the ids of its slices. */
  readonly name: string;
  readonly generation: number;
  readonly prepared: NamedTensors;
  readonly units: readonly Unit[];
  readonly candidates: readonly Float64Array[];
  /** How the baselines do on each unit, where that is known. */
  readonly baselines?: BaselineScores<Score>;
  readonly evaluationsPerSlice: number;
  /** Slices that are done already; those to come are added. */
  readonly pending: Map<number, SliceScores<Score>>;
  readonly onSlice: (done: number, all: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** What became of the candidates. */
export interface ScoredCandidates<Score> {
  /** Null for one that failed on a unit. */
  readonly judgements: readonly (Judgement | null)[];
  readonly baselines: BaselineScores<Score>;
  readonly size: number;
  readonly firstFailure: string | null;
}

/**
 * Scores candidates and baselines on units, in slices of some units with all of them.
 *
 * @returns null when the signal stopped it; the slices done are then pending
 * @throws {EvaluationError} when the evaluator gives back something else than scores
 */
export async function scoreCandidates<Unit, Score>(
  work: Work<Unit, Score>,
): Promise<ScoredCandidates<Score> | null> {
  const { evaluator, prepared, units, candidates, pending, onSlice, signal } = work;
  const contenders: Entrant[] = [
    ...(work.baselines ? [] : (work.problem.baselines ?? [])),
    ...candidates,
  ];
  const perSlice = Math.max(1, Math.floor(work.evaluationsPerSlice / candidates.length));
  const slices = Array.from({ length: Math.ceil(units.length / perSlice) }, (_, slice) =>
    units.slice(slice * perSlice, (slice + 1) * perSlice),
  );
  const open = [...slices.keys()].filter((slice) => !pending.has(slice)).values();
  let saving = Promise.resolve();
  let hasFailed = false;
  const worker = async () => {
    for (const slice of open) {
      if (signal?.aborted || hasFailed) return;
      const own = { id: `${work.name}-${slice}`, prepared, units: slices[slice]!, contenders };
      const scores = await evaluator.evaluate(own);
      checkScores(work, scores, slices[slice]!.length, contenders.length);
      pending.set(slice, scores);
      saving = saving.then(() => onSlice(pending.size, slices.length));
      await saving;
    }
  };
  const workers = Array.from({ length: evaluator.concurrency }, () =>
    worker().catch((error) => {
      hasFailed = true;
      throw error;
    }),
  );
  // Nobody may still be writing when the caller gives the folder free.
  await Promise.allSettled(workers);
  await Promise.all(workers);
  if (pending.size < slices.length) return null;
  return judge(
    work,
    slices.flatMap((_, slice) => pending.get(slice)!),
  );
}

/** Evaluators may be far away: what comes back is looked at before it is saved. */
function checkScores<Unit, Score>(
  { problem, generation, name }: Work<Unit, Score>,
  scores: unknown,
  units: number,
  contenders: number,
): void {
  const isRow = (row: unknown) =>
    Array.isArray(row) &&
    row.length === contenders &&
    row.every((score) => isFailure(score) || problem.isScore(score));
  if (Array.isArray(scores) && scores.length === units && scores.every(isRow)) return;
  const problemOf = `the evaluator’s answer to slice ${name} is not ${units} × ${contenders} scores`;
  throw new EvaluationError(generation, `${problemOf} of this problem`);
}

function judge<Unit, Score>(
  work: Work<Unit, Score>,
  rows: SliceScores<Score>,
): ScoredCandidates<Score> {
  const { problem, units, candidates } = work;
  const names = problem.baselines ?? [];
  const baselines = work.baselines ?? rows.map((row) => row.slice(0, names.length));
  const first = work.baselines ? 0 : names.length;
  const judgements = candidates.map((_, candidate) => {
    const results = units.flatMap((unit, i) => {
      const score = rows[i]![first + candidate]!;
      if (isFailure(score) || baselines[i]!.some(isFailure)) return [];
      const own = names.map((name, baseline) => [name, baselines[i]![baseline]!] as const);
      return [{ unit, score, baselines: Object.fromEntries(own) as Record<string, Score> }];
    });
    if (results.length < units.length) return null;
    const judgement = problem.judge(results);
    return Number.isFinite(judgement.fitness) ? judgement : null;
  });
  const size = units.reduce((sum, unit) => sum + (problem.sizeOf?.(unit) ?? 1), 0);
  return {
    ...{ judgements, baselines, size: size * (first + candidates.length) },
    firstFailure: rows.flat().find(isFailure)?.failed ?? null,
  };
}

/** Per kind of unit, means over the judgements. */
export function meanTasks(judgements: readonly Judgement[]): Record<string, Measures> {
  const tasks = Object.entries(judgements[0]?.tasks ?? {});
  return Object.fromEntries(
    tasks.map(([task, measures]) => {
      const means = Object.keys(measures).map((name) => {
        return [name, mean(judgements.map((judgement) => judgement.tasks![task]![name]!))] as const;
      });
      return [task, Object.fromEntries(means)];
    }),
  );
}
