import { ModelPerProbe } from '@namm/benchmarks';
import {
  type Answer,
  openRunFolder,
  type PublicRow,
  type PublicTask,
  type RunPlan,
  readBenchmark,
  runBenchmarks,
  writeRun,
} from '@namm/benchmarks/public';
import { comparedPolicies, namedPolicy, ropeScalingOf } from '@namm/cli';
import type { ProgressListener } from '@namm/core';
import { completeText, Decoder, loadTokenizer } from '@namm/decoder';
import { full } from '@namm/kv-cache';
import { taughtNameFor } from '@namm/models';
import { loadNamm } from '@namm/namm';

const chunkSize = 256;

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
 * @returns the rows of the summary
 * @throws what is wrong with the data, the model or the policies, before anything is asked
 * @throws the signal's reason when it is aborted
 */
export async function runPublicBenchmarks(options: PublicRunOptions): Promise<PublicRow[]> {
  const { plan, folder, onBadRows, onProgress, signal } = options;
  const { threads, ...lasting } = plan; // how many compute changes no result
  const { seed, chat, budgets, maxNewTokens, dtype, out } = plan;
  const tokenizer = await loadTokenizer(folder);
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const tasks: PublicTask[] = [];
  for (const each of plan.benchmarks) {
    tasks.push(...(await readBenchmark(each, { seed, countTokens })));
  }
  const bad = tasks.reduce((sum, { problems }) => sum + problems.length, 0);
  if (bad > 0) onBadRows(bad);
  const ropeScaling = ropeScalingOf({ ...plan, ropeFactor: plan.ropeFactor ?? 1 });
  const models = new ModelPerProbe((probe) =>
    Decoder.load(folder, { threads, chunkSize, probe, ropeScaling, ...(dtype && { dtype }) }),
  );
  const { cacheShape, spec } = await models.of({ kind: 'none' });
  const isTaught = plan.policies.includes('taught');
  const checkpoint = isTaught ? (plan.taught ?? taughtNameFor(cacheShape.weights)) : null;
  const policies = [{ name: 'full', budget: '100%', policy: full() }];
  if (plan.namm) {
    const policy = await loadNamm({ checkpoint: plan.namm });
    policies.push({ name: 'namm', budget: 'own', policy });
  }
  const named = plan.policies.map(namedPolicy);
  policies.push(...(await comparedPolicies(named, budgets, { models, tokenizer, checkpoint })));
  const maxTokens = Math.min(plan.maxTokens ?? Infinity, spec.maximumPositions);
  const answer: Answer = async function* (cache, ids, limits) {
    const model = await models.of(cache.policy.probe);
    yield* completeText(model, tokenizer, cache, ids, { ...limits, sampling: { temperature: 0 } });
  };
  const settings = { ...lasting, maxTokens, chunkSize, weights: cacheShape.weights };
  const store = await openRunFolder(out, settings);
  const run = await runBenchmarks({
    ...{ model: models, chunkSize, tokenizer, answer, tasks, policies, store, maxTokens, chat },
    positions: spec.maximumPositions,
    ...(maxNewTokens !== undefined && { maxNewTokens }),
    release: () => models.release(),
    ...{ onProgress, signal },
  }).finally(() => store.close());
  const hasTemplate = chat !== 'never' && tokenizer.chatTemplates.length > 0;
  return (await writeRun(out, settings, tasks, run, hasTemplate)).rows as PublicRow[];
}
