import type { Command } from '@commander-js/extra-typings';
import { ModelPerProbe } from '@namm/benchmarks';
import {
  type Answer,
  formatRun,
  openRunFolder,
  type PublicTask,
  readBenchmark,
  runBenchmarks,
  runPlan,
  writeRun,
} from '@namm/benchmarks/public';
import {
  comparedPolicies,
  count,
  fromZero,
  interruptSignal,
  listOf,
  namedPolicy,
  openModel,
  ownPolicyForm,
  ProgressLine,
  positiveNumber,
  ropeScalingOf,
  terminalWidth,
} from '@namm/cli';
import { completeText, Decoder, loadTokenizer } from '@namm/decoder';
import { full } from '@namm/kv-cache';
import { taughtNameFor } from '@namm/models';
import { loadNamm } from '@namm/namm';

const benchmarks = 'longbench, longbench-v2, infinitebench, choubun, ruler, nanobench';
const chunkSize = 256;

/** Adds `run`: public benchmarks. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description(
      'public benchmarks on your model and your copy of their data, as often stopped as you like',
    )
    .option('--config <file>', 'the run as a YAML file; what stands here goes before it')
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .option('--benchmark <name>', benchmarks)
    .option('--data <path>', 'its data: a folder, an archive, a repository in the cache of the hub')
    .option('--repository <folder>', 'a copy of its repository, for its prompts')
    .option('--tasks <names>', 'with commas; all if left out', listOf(String))
    .option('--limit <rows>', 'rows of each task', count)
    .option('--lengths <tokens>', 'of RULER and NanoBench, with commas', listOf(count))
    .option('--samples <count>', 'of each task of RULER and NanoBench', count)
    .option('--sources <folder>', 'of RULER: essay, word lists, questions')
    .option('--templates <name>', 'of InfiniteBench: whose, such as gpt4')
    .option(
      '--policies <names>',
      `with commas; also kvzip, taught, ${ownPolicyForm}`,
      listOf(String),
    )
    .option('--budgets <sizes>', 'as of a policy, with commas', listOf(String))
    .option('--namm <file>', 'a NAMM, which keeps as much as it likes')
    .option('--taught <file>', 'a taught scorer; one of ours for this model if left out')
    .option('--chat <use>', 'of the chat template: auto, always, never')
    .option('--max-tokens <count>', 'tokens of a prompt and its answer', count)
    .option('--max-new-tokens <count>', 'tokens of an answer, where it may have more', count)
    .option('--seed <number>', 'of what is generated or drawn', fromZero)
    .option('--dtype <dtype>', 'how weights are computed with: auto, fp32, q8, q4')
    .option('--rope-factor <factor>', 'run length over training length', positiveNumber)
    .option('--rope-scaling <kind>', 'ntk or yarn')
    .option('--rope-alpha <alpha>', 'how strongly the RoPE base of ntk grows', positiveNumber)
    .option('--logit-factor <factor>', 'factor on the attention logits', positiveNumber)
    .option('--threads <count>', 'threads that compute', count)
    .option('--out <folder>', 'for results, summary and page')
    .action(async ({ config, ...flags }) => {
      const { threads, ...plan } = await runPlan(config ?? null, flags);
      const { seed, chat, budgets, maxNewTokens, dtype, out } = plan;
      const signal = interruptSignal();
      const folder = await openModel(plan.model, signal);
      const tokenizer = await loadTokenizer(folder);
      const countTokens = (text: string) =>
        tokenizer.encode(text, { addSpecialTokens: false }).length;
      const tasks: PublicTask[] = [];
      for (const each of plan.benchmarks)
        tasks.push(...(await readBenchmark(each, { seed, countTokens })));
      const bad = tasks.reduce((sum, { problems }) => sum + problems.length, 0);
      if (bad > 0) console.error(`${bad} rows cannot be used; the summary names them`);
      const ropeScaling = ropeScalingOf({ ...plan, ropeFactor: plan.ropeFactor ?? 1 });
      const models = new ModelPerProbe((probe) =>
        Decoder.load(folder, { threads, chunkSize, probe, ropeScaling, ...(dtype && { dtype }) }),
      );
      const { cacheShape, spec } = await models.of({ kind: 'none' });
      const isTaught = plan.policies.includes('taught');
      const checkpoint = isTaught ? (plan.taught ?? taughtNameFor(cacheShape.weights)) : null;
      const policies = [{ name: 'full', budget: '100%', policy: full() }];
      if (plan.namm)
        policies.push({
          name: 'namm',
          budget: 'own',
          policy: await loadNamm({ checkpoint: plan.namm }),
        });
      const named = plan.policies.map(namedPolicy);
      policies.push(...(await comparedPolicies(named, budgets, { models, tokenizer, checkpoint })));
      const maxTokens = Math.min(plan.maxTokens ?? Infinity, spec.maximumPositions);
      const answer: Answer = async function* (cache, ids, options) {
        const model = await models.of(cache.policy.probe);
        yield* completeText(model, tokenizer, cache, ids, {
          ...options,
          sampling: { temperature: 0 },
        });
      };
      const settings = { ...plan, maxTokens, chunkSize, weights: cacheShape.weights };
      const store = await openRunFolder(out, settings);
      const progress = new ProgressLine('prompts');
      const results = await runBenchmarks({
        ...{
          model: models,
          chunkSize,
          tokenizer,
          answer,
          tasks,
          policies,
          store,
          maxTokens,
          chat,
          signal,
        },
        ...(maxNewTokens !== undefined && { maxNewTokens }),
        release: () => models.release(),
        onProgress: (event) => progress.update(event),
      }).finally(() => {
        progress.clear();
        return store.close();
      });
      const hasTemplate = chat !== 'never' && tokenizer.chatTemplates.length > 0;
      const { rows } = await writeRun(out, settings, tasks, results, hasTemplate);
      console.log(formatRun(rows, { style: 'plain', width: terminalWidth() }));
    });
}
