#!/usr/bin/env node
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  addPolicyOptions,
  addRopeScalingOptions,
  answerPrompt,
  choosePolicy,
  count,
  createProgram,
  fraction,
  fromZero,
  interruptSignal,
  listOf,
  numberFromZero,
  openModel,
  policyFrom,
  positiveNumber,
  readPrompt,
  ropeScalingOf,
  runProgram,
  threadCount,
} from '@namm/cli';
import { InvalidArgumentError as BadValue, enableRelaxedSimd } from '@namm/core';
import { weightDtypes } from '@namm/decoder';
import { policyNames } from '@namm/kv-cache';
import { chatCommand } from './chat-command.js';
import { runDemo } from './demo/run-demo.js';
import { serveCommand } from './serve-command.js';

/** A table of more would take hours. */
const mostPassages = 1000;

/** Variants of others, and what needs the model once more. */
const leftOut = [
  ...['full', 'every-kth', 'observed-attention', 'ada-l2'],
  ...['expected-attention', 'tri-attention', 'compactor'],
];

const demoPolicies = ['full', 'namm', ...policyNames.filter((name) => !leftOut.includes(name))];

const passages = (text: string): number => {
  if (count(text) <= mostPassages) return count(text);
  throw new InvalidArgumentError(`'${text}' is more than ${mostPassages}.`);
};

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram(
  'llm',
  'Answers from long texts with a pruned KV cache. Without --model: the bundled model reads Moby-Dick with every policy.',
);
const command = addPolicyOptions(addRopeScalingOptions(program, '1 if left out', 1))
  .option(
    '--model <name>',
    'a Hugging Face folder with safetensors, a GGUF file, or a model of the hub',
  )
  .option('--prompt <text>', 'text to continue; or pipe it in')
  .option('--prompt-file <file>', 'file with the text to continue; - is standard input')
  .option('--max-tokens <count>', 'most tokens to write', count, 256)
  .option('--chat', "put the prompt through the model's chat template")
  .option('--chunk <count>', 'tokens read at once', count, 256)
  .addOption(
    new Option(
      '--compact',
      'positions that close up over forgotten tokens, for text of any length (when a budget needs them)',
    ),
  )
  .option('--no-compact', 'never')
  .option(
    '--temperature <number>',
    "0 takes the likeliest token (as the model's folder says)",
    numberFromZero,
  )
  .option('--top-k <count>', 'draw from so many of the likeliest tokens', fromZero)
  .option('--top-p <share>', 'draw from the likeliest tokens up to this probability', fraction)
  .option(
    '--min-p <share>',
    'draw from tokens at least this share as likely as the likeliest',
    fraction,
  )
  .option('--repetition-penalty <factor>', 'above 1 repeats less', positiveNumber)
  .option('--threads <count>', 'threads that compute', threadCount)
  .addOption(
    new Option(
      '--dtype <dtype>',
      'what weights are held in: float32, the bits of a GGUF file, or rounded (auto)',
    ).choices(weightDtypes),
  )
  .option('--json', 'print one object of JSON')
  .option('--seed <seed>', 'of planted facts, random eviction and sampling', fromZero, 1)
  .option('--prompts <count>', `demo: passages to read, at most ${mostPassages}`, passages, 10)
  .option(
    '--policies <names>',
    'demo: policies, with commas',
    listOf(policyFrom([...policyNames, 'namm'])),
    demoPolicies,
  );
type Options = ReturnType<typeof command.opts>;

/** Options that mean something without a model of one's own; of these, `prompts` and `policies` mean nothing with one. */
const ofDemo = ['prompts', 'policies', 'seed', 'threads'];
const onlyOfDemo = ofDemo.slice(0, 2);

/** The flag of the first option that was given and is looked for. */
function givenFlag(isLookedFor: (name: string) => boolean): string | undefined {
  return command.options.find((option) => {
    const name = option.attributeName();
    return command.getOptionValueSource(name as keyof Options) === 'cli' && isLookedFor(name);
  })?.long;
}

command.action(async (options) => {
  if (options.model === undefined) await demo(options);
  else await answer(options.model, options);
});

async function demo(options: Options): Promise<void> {
  const flag = givenFlag((name) => !ofDemo.includes(name));
  if (flag !== undefined) {
    const advice = ['--policy', '--budget'].includes(flag) ? '; the demo takes --policies' : '';
    throw new BadValue(flag, `needs --model${advice}`);
  }
  const { prompts, policies, seed, threads } = options;
  await runDemo({
    prompts,
    policies,
    seed,
    ...(threads && { threads }),
    signal: interruptSignal(),
  });
}

async function answer(model: string, options: Options): Promise<void> {
  const { seed, threads, budget, retention, temperature, topK, topP, minP } = options;
  const { repetitionPenalty } = options;
  const flag = givenFlag((name) => onlyOfDemo.includes(name));
  if (flag !== undefined) {
    throw new BadValue(
      flag,
      'is for the demo, which runs without --model; --policy takes one policy',
    );
  }
  const prompt = await readPrompt(options);
  const folder = await openModel(model, interruptSignal());
  const policy = await choosePolicy({ ...options, folder });
  const isCompact = command.getOptionValueSource('compact') === 'cli';
  await answerPrompt({
    ...{ model: folder, prompt, policy, seed },
    ...(budget !== undefined && { budget }),
    maxNewTokens: options.maxTokens,
    chat: options.chat ?? false,
    json: options.json ?? false,
    ...(isCompact && { compact: options.compact }),
    sampling: {
      ...(temperature !== undefined && { temperature }),
      ...(topK !== undefined && { topK }),
      ...(topP !== undefined && { topP }),
      ...(minP !== undefined && { minP }),
      ...(repetitionPenalty !== undefined && { repetitionPenalty }),
    },
    ...(retention && { retention }),
    decoder: {
      chunkSize: options.chunk,
      ...(threads && { threads }),
      ...(options.dtype && { dtype: options.dtype }),
      ropeScaling: ropeScalingOf(options),
    },
    signal: interruptSignal(),
  });
}

program.addCommand(serveCommand).addCommand(chatCommand);
program
  .command('pull <model>')
  .description('fetches a model of the hub, and goes on where an earlier run stopped')
  .action(async (model) => console.log(await openModel(model, interruptSignal())));

await runProgram(program);
