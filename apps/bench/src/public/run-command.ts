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
      'run public benchmarks on your model and your copy of their data; resumes after a stop',
    )
    .option('--config <file>', 'YAML file with the options of the run; options given here win')
    .option('--model <name>', 'a folder, a GGUF file, or a model of the hub')
    .option('--benchmark <name>', benchmarks)
    .option(
      '--data <path>',
      'data of the benchmark: a folder, an archive, or a repository in the hub’s cache',
    )
    .option('--repository <folder>', 'a copy of the benchmark’s repository, for its prompts')
    .option('--tasks <names>', 'tasks to run, separated by commas (all)', listOf(String))
    .option('--limit <rows>', 'rows to use of each task', count)
    .option(
      '--lengths <tokens>',
      'RULER, needle, NanoBench: prompt lengths, separated by commas',
      listOf(count),
    )
    .option(
      '--depths <percent>',
      'needle: depths of the needle, separated by commas',
      listOf(fromZero),
    )
    .option('--samples <count>', 'RULER, needle, NanoBench: samples per task', count)
    .option(
      '--sources <folder>',
      'RULER, needle: folder with the essay, the word lists and the questions',
    )
    .option('--templates <name>', 'InfiniteBench: whose prompt templates to use, such as gpt4')
    .option(
      '--policies <names>',
      `policies, separated by commas; also kvzip, taught, ${ownPolicyForm}`,
      listOf(String),
    )
    .option('--policy <name>', `one policy, such as ${ownPolicyForm}`, listOf(String))
    .option(
      '--budgets <sizes>',
      'tokens per head (512), shares (25%) or bytes (64MB), separated by commas',
      listOf(budgetText),
    )
    .option('--namm <file>', 'a NAMM, which decides by itself how much to keep')
    .option('--taught <file>', 'a taught scorer (the bundled one for this model)')
    .option(
      '--evict <time>',
      'when policies evict: while-reading (default), after-context (once, before the question), after-prompt (once)',
    )
    .option('--chat <use>', 'when to use the chat template: auto, always, never')
    .option('--max-tokens <count>', 'most tokens of a prompt with its answer', count)
    .option(
      '--max-new-tokens <count>',
      'most tokens of an answer, where the task allows more',
      count,
    )
    .option('--seed <number>', 'seed for generated tasks and random choices', fromZero)
    .option('--dtype <dtype>', 'weights to compute with: auto, fp32, q8, q4')
    .option('--rope-factor <factor>', 'prompt length over training length', positiveNumber)
    .option('--rope-scaling <kind>', 'context extension: ntk or yarn')
    .option('--rope-alpha <alpha>', 'how strongly the RoPE base of ntk grows', positiveNumber)
    .option('--logit-factor <factor>', 'factor on the attention logits', positiveNumber)
    .option('--threads <count>', 'threads for computing', count)
    .option(
      '--workers <count>',
      'prompts to run at once, each with its own copy of the model',
      count,
    )
    .option(
      '--out <folder>',
      'folder for results, summary and page; resumes what is in it',
      outputFolder,
    )
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
