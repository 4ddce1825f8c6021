#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  count,
  createProgram,
  fromZero,
  listOf,
  nameFrom,
  positiveNumber,
  runProgram,
} from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';
import { policyNames } from '@namm/kv-cache';
import { answerPrompt } from './answer-prompt.js';
import { runDemo } from './demo/run-demo.js';

interface Options {
  model?: string;
  prompt?: string;
  promptFile?: string;
  policy?: string;
  checkpoint?: string;
  budget?: string;
  maxTokens: number;
  chat?: true;
  seed: number;
  chunk: number;
  threads?: number;
  ntkFactor?: number;
  ntkAlpha: number;
  logitFactor: number;
  retention?: string;
  prompts: number;
  policies: string[];
}

/** A table of more would take hours. */
const mostPassages = 1000;

const demoPolicies = [
  'full',
  'namm',
  ...policyNames.filter((name) => !['full', 'observed-attention', 'ada-l2'].includes(name)),
];

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram(
  'llm',
  'Answers from long texts with a pruned KV cache. Without --model: the bundled model reads Moby-Dick with every policy.',
);
program
  .option('--model <folder>', 'your own model: a Hugging Face folder with safetensors weights')
  .option('--prompt <text>', 'text to continue')
  .option('--prompt-file <file>', 'file with the text to continue')
  .addOption(
    new Option('--policy <name>', 'what to forget (full)').choices([...policyNames, 'namm']),
  )
  .option('--checkpoint <file>', 'the NAMM of the policy namm: a safetensors file')
  .option('--budget <size>', "tokens per head (512), a share ('25%') or bytes ('64MB')")
  .option('--max-tokens <count>', 'most tokens to write', count, 256)
  .option('--chat', "put the prompt through the model's chat template")
  .option('--chunk <count>', 'tokens read at once', count, 256)
  .option('--threads <count>', 'threads that compute', count)
  .option('--ntk-factor <factor>', 'read this many times the trained length', positiveNumber)
  .option('--ntk-alpha <alpha>', 'how strongly the RoPE base grows then', positiveNumber, 1)
  .option('--logit-factor <factor>', 'factor on the attention logits', positiveNumber, 1)
  .option('--retention <file>', 'write what each head kept: .html, .safetensors', retentionFile)
  .option('--seed <seed>', 'seed of planted facts and of random eviction', fromZero, 1)
  .option('--prompts <count>', `demo: passages to read, at most ${mostPassages}`, count, 10)
  .option(
    '--policies <names>',
    'demo: policies, with commas',
    listOf(nameFrom([...policyNames, 'namm'])),
    demoPolicies,
  )
  .action(main);

async function main(options: Options): Promise<void> {
  const { model, threads, seed } = options;
  if (!model) {
    if (options.prompt !== undefined || options.promptFile !== undefined) {
      return program.error('llm: a prompt needs --model');
    }
    if (options.policy !== undefined || options.budget !== undefined) {
      return program.error('llm: --policy and --budget need --model; the demo takes --policies');
    }
    if (options.checkpoint !== undefined) {
      return program.error('llm: --checkpoint needs --model; the demo has a NAMM of its own');
    }
    if (options.retention !== undefined) {
      return program.error('llm: --retention needs --model and a prompt');
    }
    if (options.prompts > mostPassages) {
      return program.error(`llm: --prompts takes at most ${mostPassages}`);
    }
    const { prompts, policies } = options;
    await runDemo({ prompts, policies, seed, ...(threads ? { threads } : {}) });
    return;
  }
  if (options.prompt !== undefined && options.promptFile !== undefined) {
    return program.error('llm: give --prompt or --prompt-file, not both');
  }
  const policy = options.policy ?? 'full';
  if (policy === 'full' && options.budget !== undefined) {
    return program.error('llm: the policy "full" keeps everything; name a --policy for the budget');
  }
  if ((policy === 'namm') !== (options.checkpoint !== undefined)) {
    return program.error(
      'llm: the policy "namm" and a --checkpoint belong together; no NAMM fits every model',
    );
  }
  const prompt = options.promptFile ? await readFile(options.promptFile, 'utf8') : options.prompt;
  if (prompt === undefined) return program.error('llm: give --prompt or --prompt-file');
  const { ntkFactor: factor = 1, ntkAlpha: alpha, logitFactor } = options;
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted')));
  await answerPrompt({
    model,
    prompt,
    seed,
    policy,
    ...(options.budget ? { budget: options.budget } : {}),
    ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
    maxNewTokens: options.maxTokens,
    chat: options.chat ?? false,
    signal: controller.signal,
    ...(options.retention ? { retention: options.retention } : {}),
    decoder: {
      chunkSize: options.chunk,
      ...(threads ? { threads } : {}),
      ropeScaling: { factor, alpha, logitFactor },
    },
  });
}

function retentionFile(text: string): string {
  if (/\.(html|safetensors)$/.test(text)) return text;
  throw new InvalidArgumentError('Its name must end in .html or .safetensors.');
}

await runProgram(program);
