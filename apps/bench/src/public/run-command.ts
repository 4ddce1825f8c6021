import type { Command } from '@commander-js/extra-typings';
import { formatRun, runPlan } from '@namm/benchmarks/public';
import {
  budgetText,
  count,
  fromZero,
  interruptSignal,
  listOf,
  openModel,
  outputFolder,
  ownPolicyForm,
  positiveNumber,
  showProgress,
  terminalWidth,
} from '@namm/cli';
import { counted } from '@namm/core';
import { runPublicBenchmarks } from '@namm/jobs/public';

const benchmarks = 'longbench, longbench-v2, infinitebench, choubun, ruler, needle, nanobench';

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
    .option('--lengths <tokens>', 'of RULER, needle and NanoBench, with commas', listOf(count))
    .option('--depths <percent>', 'of needle: where it lies, with commas', listOf(fromZero))
    .option('--samples <count>', 'of each task of RULER, needle and NanoBench', count)
    .option('--sources <folder>', 'of RULER and needle: essay, word lists, questions')
    .option('--templates <name>', 'of InfiniteBench: whose, such as gpt4')
    .option(
      '--policies <names>',
      `with commas; also kvzip, taught, ${ownPolicyForm}`,
      listOf(String),
    )
    .option('--policy <name>', `the same for one, such as ${ownPolicyForm}`, listOf(String))
    .option('--budgets <sizes>', 'as of a policy, with commas', listOf(budgetText))
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
    .option('--workers <count>', 'prompts at once, each with a model of its own', count)
    .option('--out <folder>', 'for results, summary and page', outputFolder)
    .action(async ({ config, policy, ...flags }) => {
      const named = [...(policy ?? []), ...(flags.policies ?? [])];
      const policies = named.length > 0 ? { policies: named } : {};
      const plan = await runPlan(config ?? null, { ...flags, ...policies });
      outputFolder(plan.out); // a file of the run may have named it
      const signal = interruptSignal();
      const folder = await openModel(plan.model, signal);
      const onBadRows = (bad: number) =>
        console.error(`${counted(bad, 'row')} cannot be used; the summary tells why`);
      const { rows } = await showProgress('prompts', (onProgress) =>
        runPublicBenchmarks({ plan, folder, onBadRows, onProgress, signal }),
      );
      console.log(formatRun(rows, { style: 'plain', width: terminalWidth() }));
    });
}
