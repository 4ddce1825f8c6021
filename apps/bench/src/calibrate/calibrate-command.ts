import { basename } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import { documentFiller } from '@namm/benchmarks';
import { count, number } from '@namm/cli';
import { InvalidArgumentError, Random } from '@namm/core';
import { Decoder, loadTokenizer, type Tokenizer } from '@namm/decoder';
import { createTrainable, type NormaliserKind, ropeScalingOf } from '@namm/evolve';
import {
  calibrate,
  type NammCheckpoint,
  readCheckpoint,
  SpectrumCollector,
  shareNormaliser,
  transferHeadBias,
  writeCheckpoint,
} from '@namm/namm';
import { evolveTexts } from '../evolve/evolve-texts.js';
import { measureEchoes } from './measure-echoes.js';

interface Options {
  model: string;
  namm: string;
  out: string;
  frozen?: true;
  normaliser: NormaliserKind;
  from?: string;
  biasShift: number;
  length?: number;
  passages: number;
  extensionFactor: number;
  extension: 'ntk' | 'yarn';
  alpha: number;
  logitFactor: number;
  corpus?: string;
  seed: number;
}

/** Adds `calibrate`: a NAMM of one model made ready for another. */
export function addCalibrateCommand(program: Command): void {
  program
    .command('calibrate')
    .description('make a NAMM ready for a model that it was not evolved on')
    .requiredOption('--model <folder>', 'the model, with its tokenizer')
    .requiredOption('--namm <file>', 'the NAMM')
    .requiredOption('--out <file>', 'the NAMM for that model')
    .option(
      '--frozen',
      'measure no statistics: those of all heads of the old model for every head of the new',
    )
    .addOption(
      new Option('--normaliser <kind>', 'one for all heads per bin, or each head its own')
        .choices(['bin', 'head'])
        .default('head'),
    )
    .option(
      '--from <folder>',
      'the model that the NAMM was evolved on; needed when it has a bias per head, to find the like heads',
    )
    .option('--bias-shift <x>', 'added to every score: above 0 keeps more', number, 0)
    .option(
      '--length <tokens>',
      'tokens of a passage; all positions, 1024 at most, if left out',
      count,
    )
    .option('--passages <count>', 'passages to read, half prose, half code', count, 16)
    .option('--extension-factor <factor>', 'run length over training length', number, 1)
    .addOption(
      new Option('--extension <kind>', 'how the model reads beyond its training length')
        .choices(['ntk', 'yarn'])
        .default('ntk'),
    )
    .option('--alpha <alpha>', 'NTK alpha beyond the training length', number, 2)
    .option('--logit-factor <factor>', 'factor on the attention logits', number, 1)
    .option('--corpus <folder>', 'text from a folder with SOURCES.md instead of installed packages')
    .option('--seed <seed>', 'seed of the places in the text', count, 1)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const old = await readCheckpoint(options.namm);
  const measured = options.frozen ? await freeze(options, old) : await measure(options, old);
  const moved = {
    ...measured,
    ...(options.frozen && !options.from ? {} : await moveHeadBias(options, old)),
  };
  const { scorer, features, policy } = moved;
  const trainable = createTrainable({ kind: 'namm', scorer, features, policy }, moved.normaliser);
  const shifted = options.biasShift
    ? Float32Array.from(trainable.shifted(Float64Array.from(moved.parameters), options.biasShift))
    : moved.parameters;
  const provenance = {
    ...moved.provenance,
    movedTo: basename(options.model),
    normaliser: options.frozen ? 'frozen' : 'calibrated',
    biasShift: options.biasShift,
  };
  await writeCheckpoint(options.out, { ...moved, parameters: shifted, provenance });
  console.log(`${options.out}: ${provenance.normaliser}, bias shifted by ${options.biasShift}`);
}

/** Nothing is read under the model, but there has to be one. */
async function freeze({ model }: Options, checkpoint: NammCheckpoint): Promise<NammCheckpoint> {
  await (await Decoder.load(model)).release();
  return shareNormaliser(checkpoint);
}

/** The statistics of the new model, on text without any questions. */
async function measure(options: Options, checkpoint: NammCheckpoint): Promise<NammCheckpoint> {
  const { model: folder, extensionFactor, alpha, extension, logitFactor, passages } = options;
  const extended = { folder, extensionFactor, extension, alpha, logitFactor };
  const { updateInterval } = checkpoint.policy;
  const { decay, keys = [] } = checkpoint.features;
  const collector = new SpectrumCollector({ updateInterval, decay, keys });
  const tokenizer = await loadTokenizer(options.model);
  const decoder = await Decoder.load(options.model, {
    probe: collector.policy.probe,
    chunkSize: updateInterval,
    ropeScaling: ropeScalingOf(extended),
  });
  const length = options.length ?? Math.min(decoder.spec.maximumPositions, 1024);
  try {
    const texts = documentFiller(evolveTexts(options.corpus));
    for (let index = 0; index < passages; index++) {
      const random = new Random(options.seed, index);
      const passage = texts.passage(index % 2 ? 'code' : 'prose', 'train', random);
      const ids = firstTokens(tokenizer, passage.pieces(), length);
      const cache = decoder.createCache({ policy: collector.policy });
      await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
    }
  } finally {
    await decoder.release();
  }
  const scope = options.normaliser === 'bin' ? 'shared' : 'perHead';
  return calibrate(checkpoint, collector.statistics, scope);
}

/** The bias of each head of the new model: that of the heads of the old one which look things up as much. */
async function moveHeadBias(
  { from, model, seed }: Options,
  { headBias }: NammCheckpoint,
): Promise<Pick<NammCheckpoint, 'headBias'>> {
  if (headBias === undefined) return {};
  if (from === undefined) {
    const problem = 'has a bias for each head of the model that it was evolved on';
    throw new InvalidArgumentError('--namm', `${problem}; name that model with --from`);
  }
  const old = await measureEchoes(from, seed);
  return { headBias: transferHeadBias(headBias, old, await measureEchoes(model, seed)) };
}

/** Pieces begin where words begin, so they can be tokenized one by one. */
function firstTokens(tokenizer: Tokenizer, pieces: Iterable<string>, length: number): number[] {
  const ids = [...tokenizer.encode('')]; // BOS, if the model has one
  for (const piece of pieces) {
    if (ids.length >= length) break;
    ids.push(...tokenizer.encode(piece, { addSpecialTokens: false }));
  }
  return ids.slice(0, length);
}
