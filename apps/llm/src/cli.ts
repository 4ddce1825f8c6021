#!/usr/bin/env node
import {
  addAnswerOptions,
  answerCommand,
  countUpTo,
  createProgram,
  demoPolicies,
  givenFlag,
  interruptSignal,
  listOf,
  openModel,
  policyFrom,
  runDemo,
  runProgram,
} from '@namm/cli';
import { enableRelaxedSimd, InvalidArgumentError } from '@namm/core';
import { policyNames } from '@namm/kv-cache';
import { chatCommand } from './chat-command.js';
import { inspectCommand } from './inspect-command.js';
import { runCommand } from './run-command.js';
import { serveCommand } from './serve-command.js';

/** A table of more would take hours. */
const mostPassages = 1000;

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram(
  'llm',
  'Answers from long texts with a pruned KV cache. Without --model: the bundled model reads Moby-Dick with every policy.',
);
const command = addAnswerOptions(program)
  .option('--prompts <count>', 'demo: passages to read', countUpTo(mostPassages), 10)
  .option(
    '--policies <names>',
    'demo: policies, separated by commas',
    listOf(policyFrom([...policyNames, 'namm', 'taught'])),
    [...demoPolicies],
  );

/** Options that mean something without a model of one's own; of these, `prompts` and `policies` mean nothing with one. */
const ofDemo = ['prompts', 'policies', 'seed', 'threads'];
const onlyOfDemo = ofDemo.slice(0, 2);

command.action(async (options) => {
  const isDemo = options.model === undefined;
  const flag = givenFlag(command, (name) =>
    isDemo ? !ofDemo.includes(name) : onlyOfDemo.includes(name),
  );
  if (flag !== undefined) throw new InvalidArgumentError(flag, problemOf(flag, isDemo));
  if (options.model !== undefined) await answerCommand(options.model, options, command);
  else await runDemo({ ...options, signal: interruptSignal() });
});

function problemOf(flag: string, isDemo: boolean): string {
  if (!isDemo) return 'is for the demo, which runs without --model; --policy takes one policy';
  const advice = ['--policy', '--budget'].includes(flag) ? '; the demo takes --policies' : '';
  return `needs --model${advice}`;
}

program.addCommand(runCommand).addCommand(chatCommand);
program.addCommand(serveCommand).addCommand(inspectCommand);
program
  .command('pull <model>')
  .description('Fetches a model of the hub; resumes an earlier download.')
  .action(async (model) => console.log(await openModel(model, interruptSignal())));

await runProgram(program);
