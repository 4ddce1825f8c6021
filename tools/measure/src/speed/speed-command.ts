import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  addPolicyChoiceOptions,
  count,
  describeMachine,
  listOf,
  type PolicyChoiceOptions,
  StatusLine,
  threadCount,
} from '@namm/cli';
import { noneOf } from '@namm/core';
import { type CacheDtype, cacheDtypes } from '@namm/kv-cache';
import { measuredModel } from '../measuring/measured-model.js';
import { MeasurementError } from '../measuring/measurement-error.js';
import { addModelOptions, type ModelOptions, workFolder } from '../measuring/model-options.js';
import { type ModelForm, prepareModel } from '../random-model/prepare-model.js';
import { type Contender, contenders, type Folders, isPeer, usual } from './contenders.js';
import { formatAgreement, formatRatios, formatSpeed } from './format-speed.js';
import { measure } from './measure.js';
import {
  hasNodeLlamaCpp,
  installCommand,
  installNodeLlamaCpp,
  nodeLlamaCppFolder,
} from './node-llama-cpp.js';
import { measureCommandName, runRounds } from './run-rounds.js';
import { ratioRows, speedRows } from './summarise.js';

const status = new StatusLine();

type Options = ModelOptions & PolicyChoiceOptions & SpeedOptions;

interface SpeedOptions {
  readonly contenders?: Contender[];
  readonly lengths: number[];
  readonly rounds: number;
  readonly decodeTokens: number;
  readonly cacheDtype: CacheDtype;
  readonly threads: number;
  readonly peer?: string;
  readonly nodeLlamaCpp: string;
  readonly install?: boolean;
  readonly json?: boolean;
}

const names = (text: string): Contender[] => {
  const fixed = contenders.filter((name) => name !== 'ours-policy');
  const given = text === 'all' ? fixed : text.split(',');
  const unknown = given.find((name) => !(contenders as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(noneOf(unknown, contenders));
  }
  if (given.includes('ours')) return contenders.filter((name) => given.includes(name));
  throw new InvalidArgumentError(`'ours' must be among them: the others are compared with it.`);
};

/** Adds `speed`: prefill, decode and memory of the decoder next to other runtimes with the same weights. */
export function addSpeedCommand(program: Command): void {
  const command = program
    .command('speed')
    .description(
      'measure the decoder next to transformers.js and node-llama-cpp with equal weights',
    );
  addPolicyChoiceOptions(addModelOptions(command))
    .option(
      '--contenders <list>',
      `some of ${contenders.join(', ')}; or all (${usual.join(', ')})`,
      names,
    )
    .option('--lengths <list>', 'tokens of the prompts', listOf(count), [512, 2048])
    .option('--rounds <count>', 'measurements of each', count, 3)
    .option('--decode-tokens <count>', 'decode steps after each prompt', count, 32)
    .addOption(
      new Option('--cache-dtype <name>', 'what our cache holds keys and values in')
        .choices(cacheDtypes)
        .default('fp32' as const),
    )
    .option('--threads <count>', '1 is measured in CPU time, more in wall time', threadCount, 1)
    .option('--peer <folder>', 'another export of the same weights for transformers.js')
    .option('--node-llama-cpp <folder>', 'where that is installed', nodeLlamaCppFolder)
    .option('--install', 'install node-llama-cpp there first (85 MB from the npm registry)')
    .option('--json', 'print one object of JSON')
    .action(speed);
  program
    .command(measureCommandName, { hidden: true })
    .argument('<request>')
    .action(async (request: string) => {
      console.log(JSON.stringify(await measure(JSON.parse(request))));
    });
}

async function speed(options: Options): Promise<void> {
  const { layers, lengths, rounds, threads, decodeTokens } = options;
  const machine = describeMachine();
  const model = await measuredModel(options, Math.max(...lengths) + decodeTokens + 1);
  const { vocabulary, title } = model;
  const chosen = await chooseContenders(options);
  const folders = await prepareFolders(options, model.folder, chosen);
  const areHeld = !isGguf(options.model) && options.cacheDtype === 'fp32';
  const { samples, agreements } = await runRounds(folders, {
    ...{ ...options, vocabulary, areHeld },
    ...{ contenders: chosen, policy: policyOf(options) },
  });
  const clock = threads === 1 ? 'cpu' : 'wall';
  const rows = speedRows(samples, clock);
  const ratios = ratioRows(samples, clock);
  if (options.json) {
    const { seed, cacheDtype } = options;
    const run = { lengths, rounds, decodeTokens, cacheDtype, threads, clock };
    const settings = { layers, vocabulary, seed, ...run };
    console.log(JSON.stringify({ machine, settings, agreements, rows, ratios, samples }));
    return;
  }
  const time = clock === 'cpu' ? 'one thread, CPU time' : `${threads} threads, wall time`;
  const { cacheDtype } = options;
  const cache = cacheDtype === 'fp32' ? '' : `, our cache in ${cacheDtype}`;
  console.log(`${title}${cache}; ${time}.`);
  console.log(`${machine}.`);
  for (const agreement of agreements) console.log(formatAgreement(agreement, decodeTokens + 1));
  console.log(`\n${formatSpeed(rows)}\n`);
  console.log(`Medians of ${rounds}; peak: the largest. others: cores that other processes used.`);
  if (ratios.length === 0) return;
  console.log(`\n${formatRatios(ratios)}\n`);
  console.log("prefill ×, decode ×: the other's time over ours, with 95 % bootstrap intervals.");
  console.log("memory ×: our peak over the other's.");
  console.log('…-quarter: sink-recent holds a quarter of the prompt; not the same computation.');
  if (chosen.includes('ours-policy')) {
    const { policy = 'the default policy', budget } = policyOf(options);
    const size = budget === undefined ? '' : ` with ${budget}`;
    console.log(`ours-policy: ${policy}${size}; policy %: its share of the prefill, wall time.`);
  }
  const rounded = chosen.some((name) => /q[48]/.test(name)) || !areHeld;
  if (rounded) console.log('In few bits: nobody is held to the others’ logits.');
}

/** What `ours-policy` keeps. */
function policyOf({ policy, checkpoint, budget }: PolicyChoiceOptions): PolicyChoiceOptions {
  return {
    ...(policy !== undefined && { policy }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(budget !== undefined && { budget }),
  };
}

const isGguf = (model: string | undefined): boolean => /\.gguf$/i.test(model ?? '');

async function chooseContenders(options: Options): Promise<readonly Contender[]> {
  const { nodeLlamaCpp: folder } = options;
  // Peers read a model of the user's own only in their own form.
  const canRead = (name: Contender) =>
    !options.model ||
    !isPeer(name) ||
    (name === 'transformers.js' && options.peer !== undefined) ||
    (name === 'node-llama-cpp' && isGguf(options.model));
  const possible = contenders.filter(canRead);
  const policy = Object.keys(policyOf(options)).length > 0 ? (['ours-policy'] as const) : [];
  const named = options.contenders ?? usual.filter(canRead);
  const wanted = contenders.filter((name) => [...named, ...policy].includes(name));
  if (wanted.includes('ours-policy') && policy.length === 0) {
    throw new MeasurementError("'ours-policy' needs a --policy, or a --budget.");
  }
  const impossible = wanted.find((name) => !possible.includes(name));
  if (impossible !== undefined) {
    const advice = impossible === 'transformers.js' ? '; --peer names its export' : '';
    throw new MeasurementError(`${impossible} cannot read ${options.model}${advice}.`);
  }
  if (!wanted.includes('node-llama-cpp')) return wanted;
  status.show('looking for node-llama-cpp');
  if (options.install) await installNodeLlamaCpp(folder);
  if (await hasNodeLlamaCpp(folder)) return wanted;
  const advice = `node-llama-cpp is not in ${folder}; --install adds it, as does\n  ${installCommand(folder)}`;
  if (options.contenders) throw new MeasurementError(advice);
  console.error(`measure: without node-llama-cpp: ${advice}`);
  return wanted.filter((name) => name !== 'node-llama-cpp');
}

async function prepareFolders(
  options: Options,
  ours: string,
  chosen: readonly Contender[],
): Promise<Folders> {
  const work = workFolder(options);
  const prepare = (form: ModelForm) => {
    status.show(`writing the model into ${work}: ${form}`);
    return prepareModel(work, form, options);
  };
  const isChosen = (name: Contender) => chosen.includes(name);
  return {
    ours,
    transformersJs:
      options.peer ?? (isChosen('transformers.js') ? await prepare('transformers.js') : ''),
    transformersJsQ4: isChosen('transformers.js-q4') ? await prepare('transformers.js-q4') : '',
    gguf: isGguf(options.model)
      ? ours
      : isChosen('node-llama-cpp')
        ? join(await prepare('gguf'), 'model.gguf')
        : '',
    nodeLlamaCpp: options.nodeLlamaCpp,
  };
}
