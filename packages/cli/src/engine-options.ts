import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Command, OptionValues } from '@commander-js/extra-typings';
import { InvalidArgumentError } from '@namm/core';
import { loadTokenizer, openModel as readModel, type Tokenizer, weightDtypes } from '@namm/decoder';
import { cacheDtypes, createPolicy, parseBudget, policyNames } from '@namm/kv-cache';
import { modelFolder, taughtNameFor } from '@namm/models';
import type { Engine, EngineOptions, PolicyMaker } from '@namm/serve';
import { servedPolicyNames } from '@namm/serve/policies';
import { InvalidArgumentError as BadValue, Option, type Command as PlainCommand } from 'commander';
import { applyConfigFile } from './config-file.js';
import { interruptSignal } from './interruption.js';
import { openModel } from './open-model.js';
import { budgetText, count, nameFrom, threadCount } from './option-parsers.js';
import { outputFolder } from './output-file.js';
import { StatusLine } from './status-line.js';

/** What {@link addEngineOptions} adds. */
export type EngineCommandOptions = {
  readonly model?: string;
  readonly memory: number;
  readonly conversations: string;
  readonly budget?: string;
  readonly policy?: string;
  readonly checkpoint?: string;
  readonly maxTokens?: number;
  readonly threads?: number;
  readonly dtype?: string;
  readonly cacheDtype?: string;
  readonly config?: string;
};

const configFile = 'llm.config.json';

const policies = [...servedPolicyNames, 'taught'];

/** What the engine calls its limit is `--memory` here. */
function byFlag(error: unknown): never {
  if (!(error instanceof InvalidArgumentError) || error.details.argument !== 'memoryLimit')
    throw error;
  throw new InvalidArgumentError('--memory', error.message.replace(/^memoryLimit: /, ''), {
    cause: error,
  });
}

const bytes = (text: string): number => {
  const budget = /\db$/i.test(text.replace(/[kmgi]+b$/i, 'b')) ? parseBudget(text) : null;
  if (budget?.kind === 'bytes') return budget.bytes;
  throw new BadValue(`'${text}' is not a number of bytes, such as 500MB or 2GB`);
};

/** Adds the options of commands that hold conversations, by the same names. */
export function addEngineOptions<
  Args extends unknown[],
  Own extends OptionValues,
  Global extends OptionValues,
>(command: Command<Args, Own, Global>): Command<Args, Own & EngineCommandOptions, Global> {
  const folder = join(homedir(), '.cache', 'namm', 'conversations');
  const plain = command as unknown as PlainCommand;
  plain
    .option(
      '--model <name>',
      'a Hugging Face folder, a GGUF file, or a model of the hub (nano-llama)',
    )
    .option('--memory <size>', 'memory for all conversations together', bytes, 1e9)
    .option(
      '--conversations <folder>',
      'where to keep conversations that memory has no room for',
      outputFolder,
      folder,
    )
    .option(
      '--budget <size>',
      "budget per conversation: tokens per head (512), a share ('25%') or bytes ('64MB')",
      budgetText,
    )
    .option('--policy <name>', `what to forget: ${policies.join(', ')}`, nameFrom(policies))
    .option('--checkpoint <file>', 'scorer for the policy taught')
    .option('--max-tokens <count>', 'most tokens of an answer', count)
    .option('--threads <count>', 'threads for computing', threadCount)
    .addOption(new Option('--dtype <dtype>', 'weights in memory').choices(weightDtypes))
    .addOption(
      new Option('--cache-dtype <dtype>', 'keys and values in memory').choices(cacheDtypes),
    )
    .option('--config <file>', `JSON file of options; flags win (${configFile}, if there is one)`);
  return command as Command<Args, Own & EngineCommandOptions, Global>;
}

/** An engine with what the options say of it. */
export interface OpenedEngine<Options> {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** The model's name, for those who ask. */
  readonly model: string;
  /** The options, those of the file included. */
  readonly options: Options;
  /** What conversations keep; a budget alone means the scorer that was taught on the model, where there is one. */
  readonly keeps: { readonly policy?: string; readonly budget?: string };
}

/**
 * Loads the model of a command, in a worker, with the conversations that an earlier run has kept.
 *
 * @param command that {@link addEngineOptions} was called on
 * @param how what commands do not let their users choose, and `check`: what is wrong with options of a command's own,
 *   those of the file included, is told before a model is looked for
 * @throws whatever is wrong with the options or the model
 */
export async function openEngine<Options extends EngineCommandOptions>(
  command: Pick<Command<unknown[], Options>, 'opts'>,
  { check, ...how }: Pick<EngineOptions, 'recording'> & { check?(options: Options): void } = {},
): Promise<OpenedEngine<Options>> {
  const given = (command.opts() as EngineCommandOptions).config;
  const path = resolve(given ?? configFile);
  await applyConfigFile(command as unknown as PlainCommand, path, given !== undefined);
  const options = command.opts() as Options;
  check?.(options);
  const { memory, conversations, budget, policy, threads, dtype, cacheDtype } = options;
  const { model } = options;
  const file =
    model === undefined ? modelFolder('nano-llama') : await openModel(model, interruptSignal());
  const taught = options.checkpoint ?? taughtNameFor((await readModel(file)).digest);
  const isTaught = policy === 'taught' || (policy === undefined && budget !== undefined && taught);
  if (policy === 'taught' && taught === null) {
    throw new InvalidArgumentError(
      '--policy',
      "'taught' needs a --checkpoint; `bench fit` makes one",
    );
  }
  const policies: Record<string, PolicyMaker> = {};
  if (taught !== null) {
    const module = import.meta.resolve('@namm/teach');
    policies.taught = (wanted) => ({
      ...{ module, export: 'taught', options: { checkpoint: taught, budget: wanted } },
    });
  }
  const name = isTaught ? 'taught' : policy;
  if (name === 'full' && budget !== undefined) {
    throw new InvalidArgumentError('--budget', "the policy 'full' keeps everything");
  }
  if (name !== undefined && name !== 'full' && budget === undefined) {
    throw new InvalidArgumentError('--budget', `the policy '${name}' needs one, such as 512`);
  }
  const keeps = {
    ...(name !== undefined && { policy: name }),
    ...(budget !== undefined && { budget }),
  };
  const isClassic = name !== undefined && policyNames.includes(name);
  const probe = isClassic ? createPolicy(name, { budget: budget ?? '100%' }).probe : undefined;
  const status = new StatusLine();
  status.show(`loading ${basename(file)}`);
  const { Engine } = await import('@namm/serve'); // other commands need neither it nor its server
  const engine = await Engine.load(file, {
    ...{ ...how, memoryLimit: memory, folder: conversations, policies },
    policyModule: import.meta.resolve('@namm/kv-cache'),
    decoder: {
      ...(probe && { probe }),
      ...(threads && { threads }),
      ...(dtype !== undefined && { dtype: dtype as 'auto' }),
      ...(cacheDtype !== undefined && { cacheDtype: cacheDtype as 'fp32' }),
    },
    onWarning: (message) => status.finish(message),
  }).catch(byFlag);
  const tokenizer = await loadTokenizer(file);
  status.clear();
  try {
    interruptSignal().throwIfAborted(); // a model cannot be loaded by half, so that Ctrl-C waits for it
  } catch (error) {
    await engine.close(0);
    throw error;
  }
  return { engine, tokenizer, model: basename(file).replace(/\.gguf$/i, ''), options, keeps };
}
