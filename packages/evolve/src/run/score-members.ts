import type { PreparedSample } from '@namm/benchmarks';
import type { Normaliser } from '@namm/features';
import { mean } from '@namm/statistics';
import type { Evaluator, FailedScore, MemberScore, SliceScores } from '../evaluation/evaluator.js';
import {
  type FitnessSettings,
  fitnessOf,
  type MemberFitness,
  type TaskResult,
} from '../evaluation/fitness.js';

/** Members to be scored, each on all prompts. */
interface Work {
  readonly evaluator: Evaluator;
  readonly normaliser: Normaliser;
  readonly prompts: readonly PreparedSample[];
  readonly members: readonly Float64Array[];
  /** How the full cache does on each prompt, where that is known. */
  readonly full?: readonly (MemberScore | FailedScore)[];
  readonly fitness: FitnessSettings;
  /** Slices that are done already; those to come are added. */
  readonly pending: Map<number, SliceScores>;
  readonly onSlice: () => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** What became of the members. */
export interface ScoredMembers {
  readonly members: readonly MemberFitness[];
  /** The full cache, per prompt. */
  readonly full: readonly (MemberScore | FailedScore)[];
  /** Means over the members that did not fail. */
  readonly tasks: Readonly<Record<string, TaskResult>>;
  readonly tokens: number;
  readonly firstFailure: string | null;
}

/** Evaluations at a time, about: what goes through the model in one step. */
const evaluationsPerSlice = 12;

/**
 * Scores members and the full cache on prompts, in slices of some prompts with all members.
 *
 * @returns null when the signal stopped it; the slices done are then pending
 */
export async function scoreMembers(work: Work): Promise<ScoredMembers | null> {
  const { evaluator, normaliser, prompts, members, full, pending, onSlice, signal } = work;
  const everybody = full ? members : [null, ...members];
  const perSlice = Math.max(1, Math.floor(evaluationsPerSlice / members.length));
  const slices = Array.from({ length: Math.ceil(prompts.length / perSlice) }, (_, slice) =>
    prompts.slice(slice * perSlice, (slice + 1) * perSlice),
  );
  const open = [...slices.keys()].filter((slice) => !pending.has(slice)).values();
  let saving = Promise.resolve();
  let hasFailed = false;
  const worker = async () => {
    for (const slice of open) {
      if (signal?.aborted || hasFailed) return;
      const own = { normaliser, prompts: slices[slice]!, members: everybody };
      pending.set(slice, await evaluator.evaluate(own));
      saving = saving.then(onSlice);
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
  const rows = slices.flatMap((_, slice) => pending.get(slice)!);
  return summarise(work, rows);
}

function summarise(work: Work, rows: SliceScores): ScoredMembers {
  const { prompts, members, fitness } = work;
  const full = work.full ?? rows.map((row) => row[0]!);
  const first = work.full ? 0 : 1;
  const results = members.map((_, member) =>
    fitnessOf(
      prompts.map(({ family, questions }, i) => ({
        ...{ task: family, questions: questions.length },
        ...{ full: full[i]!, member: rows[i]![first + member]! },
      })),
      fitness,
    ),
  );
  const failure = rows.flat().find((score) => 'failed' in score);
  const lengths = prompts.map(({ context, tail }) => context.length + tail.length);
  return {
    members: results,
    full,
    tasks: meanTasks(results.filter((result) => !Number.isNaN(result.fitness))),
    tokens: lengths.reduce((sum, length) => sum + length, 0) * (first + members.length),
    firstFailure: failure?.failed ?? null,
  };
}

function meanTasks(results: readonly MemberFitness[]): Record<string, TaskResult> {
  const tasks = Object.keys(results[0]?.tasks ?? {});
  return Object.fromEntries(
    tasks.map((task) => {
      const own = results.map((result) => result.tasks[task]!);
      const average = (what: keyof TaskResult) => mean(own.map((result) => result[what]));
      return [
        task,
        {
          score: average('score'),
          fullScore: average('fullScore'),
          logProbability: average('logProbability'),
          fullLogProbability: average('fullLogProbability'),
        },
      ];
    }),
  );
}
