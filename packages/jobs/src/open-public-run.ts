import { ModelPerProbe, StepTogether } from '@namm/benchmarks';
import {
  type Answer,
  type PublicTask,
  type RunBenchmarksOptions,
  type RunPlan,
  type RunSettings,
  readBenchmark,
} from '@namm/benchmarks/public';
import {
  comparedPolicies,
  describeError,
  type NamedPolicy,
  namedPolicy,
  ropeScalingOf,
} from '@namm/cli';
import { InvalidArgumentError } from '@namm/core';
import { completeText, Decoder, loadTokenizer, type Tokenizer } from '@namm/decoder';
import { type EvictionPolicy, full, type KVCache } from '@namm/kv-cache';
import { taughtNameFor } from '@namm/models';
import { loadNamm } from '@namm/namm';

const chunkSize = 256;

/** What a run is opened from, in this thread or another. */
export interface PublicRunData {
  readonly plan: RunPlan;
  /** Folder or file of the plan's model. */
  readonly folder: string;
}

/** Tokens that the chat template puts around a prompt. */
function tokensAround(tokenizer: Tokenizer): number {
  const tokensOf = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const content = 'prompt';
  const text = tokenizer.applyChatTemplate([{ role: 'user', content }], {
    addGenerationPrompt: true,
  });
  return tokensOf(text) - tokensOf(content);
}

/** @throws {InvalidArgumentError} for a name that there is none of */
function policyOfPlan(name: string): NamedPolicy {
  try {
    return namedPolicy(name);
  } catch (error) {
    throw new InvalidArgumentError('policies', describeError(error), { cause: error });
  }
}

/** A run with its model, tasks and policies at hand. */
export interface OpenPublicRun {
  readonly tasks: readonly PublicTask[];
  readonly tokenizer: Tokenizer;
  readonly models: ModelPerProbe<Decoder>;
  /** All that changes results. */
  readonly settings: RunSettings;
  readonly options: Omit<RunBenchmarksOptions, 'store'>;
}

/**
 * Reads the tasks of a plan, opens its model, and makes its policies.
 *
 * @throws what is wrong with any of them
 */
export async function openPublicRun({ plan, folder }: PublicRunData): Promise<OpenPublicRun> {
  const { threads, workers: _, ...lasting } = plan; // how many compute changes no result
  const { seed, chat, evict, budgets, maxNewTokens, dtype } = plan;
  const tokenizer = await loadTokenizer(folder);
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  const isChat = chat !== 'never' && tokenizer.chatTemplates.length > 0;
  const templateTokens = isChat ? tokensAround(tokenizer) : 0;
  const tasks: PublicTask[] = [];
  for (const each of plan.benchmarks) {
    tasks.push(...(await readBenchmark(each, { seed, countTokens, templateTokens })));
  }
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
  const named = plan.policies.map(policyOfPlan);
  policies.push(...(await comparedPolicies(named, budgets, { models, tokenizer, checkpoint })));
  const maxTokens = Math.min(plan.maxTokens ?? Infinity, spec.maximumPositions);
  const sideBySide = new WeakMap<Decoder, StepTogether<KVCache, EvictionPolicy>>();
  const answer: Answer = async function* (cache, ids, limits) {
    const model = await models.of(cache.policy.probe);
    const own = sideBySide.get(model) ?? new StepTogether(model);
    sideBySide.set(model, own);
    yield* completeText(own, tokenizer, cache, ids, { ...limits, sampling: { temperature: 0 } });
  };
  return {
    ...{ tasks, tokenizer, models },
    settings: { ...lasting, maxTokens, chunkSize, weights: cacheShape.weights },
    options: {
      ...{ model: models, chunkSize, tokenizer, answer, tasks, policies, maxTokens, chat, evict },
      positions: spec.maximumPositions,
      ...(maxNewTokens !== undefined && { maxNewTokens }),
      release: () => models.release(),
    },
  };
}
