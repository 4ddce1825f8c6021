import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  chooseExtensions,
  commonUpdateInterval,
  type ExtensionChoice,
  evolvedFamiliesOf,
  formatNanobench,
  type NanobenchPlan,
  nanobenchNotes,
  nanobenchSizes,
  ownContender,
  ResultStore,
  runNanobench,
  writeNanobench,
} from '@namm/benchmarks';
import { nanobenchFiller } from '@namm/benchmarks/texts';
import { describeMachine, loadOwnPolicy } from '@namm/cli';
import { InvalidArgumentError, type ProgressListener } from '@namm/core';
import { openNanobenchEntry, readRival } from '@namm/evolve-policies';
import { checkpointsIn } from '@namm/models';
import type { SelectionSemantics } from '@namm/namm';

type FromPlan = Pick<
  NanobenchPlan,
  'placements' | 'families' | 'split' | 'seed' | 'references' | 'batch'
>;

/** Options of {@link measureNanobench}. */
export interface MeasureNanobenchOptions extends FromPlan {
  /** Models: folders or GGUF files. */
  readonly folders: readonly string[];
  /** Everything, instead of the reduced form of a few minutes; what is left out below follows from it. */
  readonly full: boolean;
  readonly factors?: NanobenchPlan['factors'] | undefined;
  /** Prompts per family: answers fed, and answers decoded. */
  readonly prompts?: number | undefined;
  readonly freePrompts?: number | undefined;
  readonly equal?: NanobenchPlan['equal'] | undefined;
  readonly shares?: readonly number[] | undefined;
  readonly random?: boolean | undefined;
  /** Checkpoints of the one model; those beside each model if left out. */
  readonly namm?: readonly string[] | undefined;
  /** Further NAMMs: an offset on every score, decisions other than their own. */
  readonly offsets: readonly number[];
  readonly semantics: readonly SelectionSemantics[];
  /** Files of evolved rivals. */
  readonly rival: readonly string[];
  /** The user's own policies, and what they are called with. */
  readonly policy: readonly string[];
  readonly budget?: string | undefined;
  readonly extensions: readonly ExtensionChoice[];
  /** File of tuned extensions; beside the model if left out. */
  readonly tuned?: string | undefined;
  /** Families that are not held out; what the checkpoints say if left out. */
  readonly evolvedFamilies?: readonly string[] | undefined;
  readonly updateInterval?: number | undefined;
  /** Folder of filler with SOURCES.md. */
  readonly corpus?: string | undefined;
  readonly threads: number;
  /** File of all results, which a later run goes on from. */
  readonly results?: string | undefined;
  /** Files of the tables: Markdown, and a page with curves. */
  readonly out?: string | undefined;
  readonly html?: string | undefined;
  /** Columns of a line of the table. */
  readonly width: number;
  /** Told how it is measured, before anything is. */
  readonly onNotes: (notes: readonly string[]) => void;
  readonly onProgress: ProgressListener;
  /** Stops the measuring; the tables are then of what has been measured. */
  readonly signal: AbortSignal;
}

/** What {@link measureNanobench} gives. */
export interface MeasuredNanobench {
  /** The tables as text; null when nothing could be compared yet. */
  readonly table: string | null;
  /** What to say of a run that was stopped; null when it is complete. */
  readonly interrupted: string | null;
}

/**
 * NanoBench on models of the user's, with the NAMMs beside them: measures what the results do not have, and writes the
 * tables where the options name files.
 *
 * @throws what is wrong with the models, checkpoints, policies or files, before anything is measured
 */
export async function measureNanobench(
  options: MeasureNanobenchOptions,
): Promise<MeasuredNanobench> {
  const { placements, families, split, seed, references, batch, prompts, freePrompts } = options;
  const size = nanobenchSizes[options.full ? 'complete' : 'reduced'];
  const models = await openEntries(options);
  const evolvedFamilies = options.evolvedFamilies ?? evolvedFamiliesOf(models);
  const bare = models.map(({ model }) => model);
  const extensions = await chooseExtensions(options.extensions, bare, options.tuned);
  const filler = nanobenchFiller(options.corpus);
  const store = await ResultStore.open(
    options.results ?? join(tmpdir(), `namm-nanobench-${bare[0]!.version}.jsonl`),
  );
  const notes = [
    `Machine: ${describeMachine()}. Results: ${store.path}.`,
    `Evolved on: ${evolvedFamilies.join(', ') || 'unknown, so all families count as held out'}.`,
    ...nanobenchNotes,
    ...models.flatMap(({ model, learned }) =>
      learned.length > 0 ? [] : [`${model.name} has no NAMM; the table is without one.`],
    ),
  ];
  options.onNotes(notes);
  try {
    const { summaries, isComplete } = await runNanobench({
      ...{ store, models, evolvedFamilies, extensions, filler },
      ...{ placements, families, split, seed, references, batch },
      factors: options.factors ?? size.factors,
      prompts: {
        teacherForced: prompts ?? size.prompts.teacherForced,
        generated: freePrompts ?? size.prompts.generated,
      },
      equal: options.equal ?? size.equal,
      shares: options.shares ?? size.shares,
      random: options.random ?? options.full,
      updateInterval: options.updateInterval ?? commonUpdateInterval(models),
      onProgress: (what, event) => options.onProgress({ ...event, stage: what }),
      signal: options.signal,
    });
    const hasTable = summaries.flat().length > 0; // interrupted before anything could be compared
    const state = hasTable ? 'this is the table so far' : 'there is no table yet';
    const interrupted = isComplete
      ? null
      : `Interrupted: ${state}. Run the same command again to resume from ${store.path}.`;
    if (!hasTable) return { table: null, interrupted };
    const context = { store, models, evolvedFamilies };
    const { out, html } = options;
    const all = [...notes, ...(interrupted === null ? [] : [interrupted])];
    await writeNanobench(summaries, context, all, { out, html });
    return { table: formatNanobench(summaries, context, { width: options.width }), interrupted };
  } finally {
    await store.close();
  }
}

async function openEntries(options: MeasureNanobenchOptions) {
  const { folders, namm, rival, policy, budget, offsets, semantics, threads } = options;
  if (folders.length > 1 && namm !== undefined) {
    const problem = 'goes with one model; put checkpoints beside the models instead';
    throw new InvalidArgumentError('namm', problem);
  }
  const limit = budget === undefined ? {} : { budget };
  const others = await Promise.all([
    ...rival.map(readRival),
    ...policy.map(async (name) => ownContender(await loadOwnPolicy(name, limit))),
  ]);
  return Promise.all(
    folders.map((folder) => {
      const namms = namm ?? checkpointsIn(folder);
      return openNanobenchEntry(folder, { threads, namms, offsets, semantics, others });
    }),
  );
}
