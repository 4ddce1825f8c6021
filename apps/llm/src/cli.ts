#!/usr/bin/env node
import { InvalidArgumentError } from '@commander-js/extra-typings';
import {
  addAnswerOptions,
  answerCommand,
  count,
  createProgram,
  interruptSignal,
  listOf,
  openModel,
  policyFrom,
  runProgram,
} from '@namm/cli';
import { InvalidArgumentError as BadValue, enableRelaxedSimd } from '@namm/core';
import { policyNames } from '@namm/kv-cache';
import { chatCommand } from './chat-command.js';
import { runDemo } from './demo/run-demo.js';
import { inspectCommand } from './inspect-command.js';
import { runCommand } from './run-command.js';
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
const command = addAnswerOptions(program)
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
  const flag = givenFlag((name) => onlyOfDemo.includes(name));
  if (flag !== undefined) {
    throw new BadValue(
      flag,
      'is for the demo, which runs without --model; --policy takes one policy',
    );
  }
  await answerCommand(model, options, command);
}

program.addCommand(runCommand).addCommand(chatCommand);
program.addCommand(serveCommand).addCommand(inspectCommand);
program
  .command('pull <model>')
  .description('fetches a model of the hub, and goes on where an earlier run stopped')
  .action(async (model) => console.log(await openModel(model, interruptSignal())));

await runProgram(program);
