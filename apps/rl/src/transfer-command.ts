import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import {
  count,
  describeMachine,
  fromZero,
  interruptSignal,
  listOf,
  nameFrom,
  outputFolder,
  ProgressLine,
  share,
  terminalWidth,
} from '@namm/cli';
import { type TransferForm, transferForms, transferNamm, trialTable } from '@namm/evolve-policies';
import { modelNames, nammCheckpoints } from '@namm/models';
import { readCheckpoint, writeCheckpoint } from '@namm/namm';
import { textTable } from '@namm/report';
import { type AgentOptions, addAgentOptions, agentOf, episodeOf } from './agent-options.js';

interface Options extends AgentOptions {
  checkpoint?: string;
  forms: TransferForm[];
  updateInterval?: number;
  episodes: number;
  shares?: number[];
  seed: number;
  out: string;
}

/** Adds `transfer`: a NAMM of a language model, made ready for an agent. */
export function addTransferCommand(program: Command): void {
  const command = program
    .command('transfer')
    .description('make a NAMM that was evolved on language ready for an agent');
  addAgentOptions(command)
    .option('--checkpoint <file>', `of the NAMM (default: that of ${modelNames[0]})`)
    .option('--forms <list>', transferForms.join(', '), listOf(nameFrom(transferForms)), [
      ...transferForms,
    ])
    .option('--update-interval <tokens>', "a multiple of 16 (default: the NAMM's)", count)
    .option('--episodes <count>', 'to measure on, and of each trial', count, 8)
    .option('--shares <list>', 'of the tokens, that trials aim at', listOf(share))
    .option('--seed <seed>', 'of the first of these episodes', fromZero, 1_000_000)
    .requiredOption(
      '--out <folder>',
      'for frozen.safetensors, calibrated.safetensors …',
      outputFolder,
    )
    .action(transfer);
}

async function transfer(options: Options): Promise<void> {
  const signal = interruptSignal();
  const file = options.checkpoint ?? nammCheckpoints(modelNames[0])[0]!;
  const checkpoint = await readCheckpoint(file);
  const agent = await agentOf(options, signal);
  const episode = await episodeOf(options, signal);
  const { environment, updateInterval, episodes, shares, seed, out } = options;
  await mkdir(out, { recursive: true });
  console.log(`Machine: ${describeMachine()}.`);
  for (const form of options.forms) {
    const progress = new ProgressLine('episodes');
    const settings = { agent, environment, episode, checkpoint, form };
    const tuning = { updateInterval, episodes, shares, seed, signal };
    const onProgress = (event: Parameters<ProgressLine['update']>[0]) => progress.update(event);
    const made = await transferNamm({ ...settings, ...tuning, onProgress }).finally(() =>
      progress.clear(),
    );
    const path = join(out, `${form}.safetensors`);
    await writeCheckpoint(path, made.checkpoint);
    if (made.chosen) {
      const { headings, rows } = trialTable(made.trials, made.chosen);
      console.log(`\n${textTable(headings, rows, { width: terminalWidth() })}\n`);
    }
    console.log(`${path}: evaluate it with --policies full,namm:${path}\n`);
  }
}
