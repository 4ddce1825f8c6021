import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import {
  openRunFolder,
  type RunPlan,
  type RunSummary,
  runBenchmarks,
  runShards,
  writeRun,
} from '@namm/benchmarks/public';
import type { ProgressListener } from '@namm/core';
import { openPublicRun, type PublicRunData } from './open-public-run.js';

/** Options of {@link runPublicBenchmarks}. */
export interface PublicRunOptions {
  readonly plan: RunPlan;
  /** Folder or file of the plan's model. */
  readonly folder: string;
  /** Told, before anything is asked, how many rows of the data cannot be used; the summary names them. */
  readonly onBadRows: (count: number) => void;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/**
 * Runs public benchmarks as planned: the full cache, the NAMM if there is one, and the policies by name at their budgets.
 * Results, summary and page are in the folder of the plan, and a run that was stopped goes on there.
 *
 * @returns the summary
 * @throws what is wrong with the data, the model or the policies, before anything is asked
 * @throws the signal's reason when it is aborted
 */
export async function runPublicBenchmarks(options: PublicRunOptions): Promise<RunSummary> {
  const { plan, folder, onBadRows, onProgress, signal } = options;
  const run = await openPublicRun({ plan, folder });
  const { tasks, tokenizer, settings, models } = run;
  const bad = tasks.reduce((sum, { problems }) => sum + problems.length, 0);
  if (bad > 0) onBadRows(bad);
  const store = await openRunFolder(plan.out, settings);
  try {
    if (plan.workers > 1) {
      await models.release();
      const file = createRequire(import.meta.url).resolve('@namm/jobs/public-run-worker');
      const script = pathToFileURL(file);
      const data: PublicRunData = { plan, folder };
      await runShards({ script, workers: plan.workers, data, store, onProgress, signal });
    }
    // After worker threads everything is in the store: this puts it in order.
    const ended = await runBenchmarks({ ...run.options, store, signal, onProgress });
    const hasTemplate = plan.chat !== 'never' && tokenizer.chatTemplates.length > 0;
    return await writeRun(plan.out, settings, tasks, ended, hasTemplate);
  } finally {
    await models.release();
    await store.close();
  }
}
