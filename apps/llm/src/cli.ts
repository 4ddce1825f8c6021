#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { enableRelaxedSimd } from '@namm/core';
import { policyNames } from '@namm/kv-cache';
import { Command, InvalidArgumentError, Option } from 'commander';
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

const program = new Command('llm')
  .description(
    'Answers from long texts with a pruned KV cache. Without --model: the bundled model reads Moby-Dick with every policy.',
  )
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
  .option('--ntk-factor <factor>', 'read this many times the trained length', positive)
  .option('--ntk-alpha <alpha>', 'how strongly the RoPE base grows then', positive, 1)
  .option('--logit-factor <factor>', 'factor on the attention logits', positive, 1)
  .option('--retention <file>', 'write what each head kept: .html, .safetensors', retentionFile)
  .option('--seed <seed>', 'seed of planted facts and of random eviction', seed, 1)
  .option('--prompts <count>', `demo: passages to read, at most ${mostPassages}`, count, 10)
  .option('--policies <names>', 'demo: policies, with commas', list, demoPolicies)
  .action(main);

async function main(options: Options): Promise<void> {
  const { model, threads, seed } = options;
  if (!model) {
    if (options.prompt !== undefined || options.promptFile !== undefined) {
      return program.error('error: a prompt needs --model');
    }
    if (options.policy !== undefined || options.budget !== undefined) {
      return program.error('error: --policy and --budget need --model; the demo takes --policies');
    }
    if (options.checkpoint !== undefined) {
      return program.error('error: --checkpoint needs --model; the demo has a NAMM of its own');
    }
    if (options.retention !== undefined) {
      return program.error('error: --retention needs --model and a prompt');
    }
    if (options.prompts > mostPassages) {
      return program.error(`error: --prompts takes at most ${mostPassages}`);
    }
    const { prompts, policies } = options;
    await runDemo({ prompts, policies, seed, ...(threads ? { threads } : {}) });
    return;
  }
  if (options.prompt !== undefined && options.promptFile !== undefined) {
    return program.error('error: give --prompt or --prompt-file, not both');
  }
  const policy = options.policy ?? 'full';
  if (policy === 'full' && options.budget !== undefined) {
    return program.error(
      'error: the policy "full" keeps everything; name a --policy for the budget',
    );
  }
  if ((policy === 'namm') !== (options.checkpoint !== undefined)) {
    return program.error(
      'error: the policy "namm" and a --checkpoint belong together; no NAMM fits every model',
    );
  }
  const prompt = options.promptFile ? await readFile(options.promptFile, 'utf8') : options.prompt;
  if (prompt === undefined) return program.error('error: give --prompt or --prompt-file');
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

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function seed(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('It must be a whole number of at least 0.');
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a positive number.');
}

function retentionFile(text: string): string {
  if (/\.(html|safetensors)$/.test(text)) return text;
  throw new InvalidArgumentError('Its name must end in .html or .safetensors.');
}

function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'namm' && !policyNames.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`'${unknown}' is none of ${policyNames.join(', ')}, namm.`);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`llm: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
