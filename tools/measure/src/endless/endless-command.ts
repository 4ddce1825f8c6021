import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { count, describeMachine, openModel, StatusLine, threadCount } from '@namm/cli';
import { noneOf } from '@namm/core';
import { policyNames } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { addModelOptions, type ModelOptions, workFolder } from '../measuring/model-options.js';
import { prepareModel } from '../random-model/prepare-model.js';
import { formatEndless } from './format-endless.js';
import { type EndlessRequest, measureEndless } from './measure-endless.js';
import { settledTrends, stretches } from './summarise.js';

const status = new StatusLine();

interface Options extends ModelOptions {
  readonly random?: boolean;
  readonly model?: string;
  readonly tokens: number;
  readonly limit?: number;
  readonly budget?: number;
  readonly chunk?: number;
  readonly policy: string;
  readonly absolute?: boolean;
  readonly stretches: number;
  readonly settle: number;
  readonly threads: number;
  readonly json?: boolean;
}

const policyName = (text: string): string => {
  const names = policyNames.filter((name) => name !== 'full');
  if (names.includes(text)) return text;
  throw new InvalidArgumentError(noneOf(text, names));
};

/** Adds `endless`: memory, time and quality over input far longer than the model's positions. */
export function addEndlessCommand(program: Command): void {
  const command = program
    .command('endless')
    .description('read prose without end through a bounded cache with compact positions');
  addModelOptions(command)
    .option('--random', 'the model of random weights in place of the bundled one')
    .option('--tokens <count>', 'tokens of prose', count, 200_000)
    .option('--limit <count>', 'positions (default: as trained; with --random 8192)', count)
    .option(
      '--budget <count>',
      'tokens kept per head (default: 3/4 of that; --random: half)',
      count,
    )
    .option('--chunk <count>', 'tokens read at once (default: half of what that leaves)', count)
    .option('--policy <name>', 'what keeps the budget', policyName, 'sink-recent')
    .option('--absolute', 'absolute positions beyond the limit instead, for comparison')
    .option('--stretches <count>', 'rows of the table', count, 20)
    .option('--settle <count>', 'tokens after which all should be flat', count, 20_000)
    .option('--threads <count>', '1 is measured in CPU time, more in wall time', threadCount, 1)
    .option('--json', 'print one object of JSON')
    .action(endless);
}

async function endless(options: Options): Promise<void> {
  const machine = describeMachine();
  const request = await makeRequest(options);
  const result = await measureEndless(request);
  status.clear();
  const clock = options.threads === 1 ? 'cpu' : 'wall';
  const rows = stretches(result.notes, options.stretches);
  const qualities = rows.map(({ from, tokens }) => result.quality?.(from, tokens) ?? null);
  const whole = result.quality?.(0, request.tokens) ?? null;
  const settled = settledTrends(result.notes, options.settle, clock);
  const { memory, peakMegabytes } = result;
  const report = {
    request,
    clock,
    rows,
    qualities,
    whole,
    settled,
    memory,
    peakMegabytes,
  } as const;
  if (options.json) {
    console.log(JSON.stringify({ machine, settle: options.settle, ...report }));
    return;
  }
  const model = options.random
    ? `SmolLM2-135M shape, ${options.layers} layers, random weights`
    : request.folder;
  console.log(formatEndless(model, machine, options.settle, report));
}

async function makeRequest(options: Options): Promise<EndlessRequest> {
  const { tokens, policy, seed, threads, random: isRandom = false } = options;
  const bundled = modelFolder('nano-llama');
  let folder = options.model ? await openModel(options.model) : bundled;
  let limit = options.limit ?? 8192;
  if (isRandom) {
    const work = workFolder(options);
    status.show(`writing the model into ${work}`);
    folder = await prepareModel(work, 'hugging-face', options);
  } else {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    limit = options.limit ?? config.max_position_embeddings;
  }
  const budget = options.budget ?? Math.floor(limit * (isRandom ? 1 / 2 : 3 / 4));
  const chunk = options.chunk ?? Math.max(1, Math.min(256, Math.floor((limit - budget) / 2)));
  // Ids of the bundled tokenizer are as good as others for random weights, which know 256 tokens at least.
  const tokenizer = isRandom ? bundled : folder;
  const isTrained = !isRandom;
  const positions = options.absolute ? 'absolute' : 'compact';
  const model = { folder, tokenizer, isTrained };
  return { ...model, tokens, limit, positions, budget, chunk, policy, seed, threads };
}
