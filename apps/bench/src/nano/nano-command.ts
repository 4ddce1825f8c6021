import { appendFile } from 'node:fs/promises';
import { taskFamilies } from '@namm/benchmarks';
import { mean } from '@namm/core';
import { Decoder, loadTokenizer } from '@namm/decoder';
import { policyNames } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { type Command, InvalidArgumentError } from 'commander';
import { heldOutFiller } from './held-out-filler.js';
import { type Measurement, measure, type Setting } from './measure.js';
import { macroInterval, ratioInterval } from './summarise.js';

interface Options {
  model?: string;
  factors: number[];
  alphas: number[];
  logitFactors: number[];
  policies: string[];
  budgetShare: number;
  prompts: number;
  seed: number;
  threads: number;
  out?: string;
}

const numbers = (text: string): number[] =>
  text.split(',').map((part) => {
    const value = Number(part);
    if (Number.isFinite(value) && value > 0) return value;
    throw new InvalidArgumentError(`'${part}' is not a positive number.`);
  });

const number = (text: string): number => numbers(text)[0]!;

const names = (text: string): string[] =>
  text.split(',').map((name) => {
    if (name === 'oracle' || policyNames.includes(name)) return name;
    throw new InvalidArgumentError(`'${name}' is none of oracle, ${policyNames.join(', ')}.`);
  });

/** Adds `nano`: exact match of the bundled model per task family, length and cache. */
export function addNanoCommand(program: Command): void {
  program
    .command('nano')
    .description(
      'measure the bundled model on the task families, on text it has not seen, beyond its training length',
    )
    .option('--model <folder>', 'another model with its tokenizer')
    .option('--factors <list>', 'run lengths over the training length', numbers, [1, 4])
    .option('--alphas <list>', 'NTK alphas to try beyond the training length', numbers, [1])
    .option('--logit-factors <list>', 'factors on the attention logits to try', numbers, [1])
    .option('--policies <list>', 'caches to compare: full, oracle, any policy', names, [
      'full',
      'oracle',
    ])
    .option('--budget-share <share>', 'budget of policies, as a share of the length', number, 0.25)
    .option('--prompts <count>', 'prompts per family', number, 20)
    .option('--seed <seed>', 'seed of the prompts', number, 1)
    .option('--threads <count>', 'threads that compute', number, 1)
    .option('--out <file>', 'add each measurement to a JSONL file')
    .action(nano);
}

async function nano(options: Options): Promise<void> {
  const folder = options.model ?? modelFolder('nano-llama');
  const tokenizer = await loadTokenizer(folder);
  const plain = await Decoder.load(folder);
  const trainedLength = plain.spec.maximumPositions;
  await plain.release();
  const filler = heldOutFiller();
  const families = taskFamilies.map(({ name }) => name);
  console.log(
    `${options.prompts} prompts per family, seed ${options.seed}, teacher-forced exact match; trained at ${trainedLength} tokens.`,
  );
  console.log(`Families: ${families.join(', ')}. Intervals: 95 % bootstrap over prompts.\n`);
  for (const settings of groups(options, trainedLength)) {
    let baseline: Measurement | undefined;
    for (const setting of settings) {
      const result = await measure(setting, {
        ...options,
        folder,
        tokenizer,
        filler,
        trainedLength,
        onProgress: (done, total) => {
          if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} prompts `);
        },
      });
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
      console.log(describe(result, baseline));
      if (options.out) await appendFile(options.out, `${JSON.stringify(result)}\n`);
      baseline ??= result;
    }
  }
}

/** Settings that differ only in the policy stand together, so that each can be compared with the first. */
function* groups(options: Options, trainedLength: number): Iterable<Setting[]> {
  for (const factor of options.factors) {
    for (const alpha of factor > 1 ? options.alphas : [1]) {
      for (const logitFactor of options.logitFactors) {
        const budget = Math.max(1, Math.floor(options.budgetShare * factor * trainedLength));
        yield options.policies.map((policy) => ({ factor, alpha, logitFactor, policy, budget }));
      }
    }
  }
}

function describe(result: Measurement, baseline: Measurement | undefined): string {
  const three = (value: number) => value.toFixed(3);
  const { estimate, lower, upper } = macroInterval(result);
  const perFamily = Object.values(result.scores).map((scores) => three(mean(scores)));
  const ratio = baseline && ratioInterval(result, baseline);
  const against = ratio
    ? `, ${three(ratio.estimate)} [${three(ratio.lower)}, ${three(ratio.upper)}] x ${baseline.policy}`
    : '';
  const { length, factor, alpha, logitFactor, policy, kept, seconds } = result;
  return [
    `${length} tokens (x${factor}), alpha ${alpha}, logits x${logitFactor}, ${policy}:`,
    `${three(estimate)} [${three(lower)}, ${three(upper)}]${against}`,
    `per family ${perFamily.join(' ')}; kept ${three(kept)}; ${seconds.toFixed(0)} s`,
  ].join('\n  ');
}
