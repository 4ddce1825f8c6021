import { openModel, StatusLine } from '@namm/cli';
import { openModel as openSource } from '@namm/decoder';
import { maximumPositions } from '../random-model/model-config.js';
import { prepareModel } from '../random-model/prepare-model.js';
import { MeasurementError } from './measurement-error.js';
import { type ModelOptions, workFolder } from './model-options.js';

/** What is measured: a model of random weights, or one that the user named. */
export interface MeasuredModel {
  readonly folder: string;
  /** Tokens that it knows. */
  readonly vocabulary: number;
  /** For the head of a table. */
  readonly title: string;
}

/**
 * The model that the options name: a folder, a GGUF file or a model of the hub, or else one of random weights, which is written when
 * it is not there yet.
 *
 * @param needed tokens of the longest sequence
 * @throws {MeasurementError} when the model has not so many positions
 */
export async function measuredModel(options: ModelOptions, needed: number): Promise<MeasuredModel> {
  if (options.model === undefined) {
    checkLength(needed, maximumPositions);
    const work = workFolder(options);
    const status = new StatusLine();
    status.show(`writing the model into ${work}`);
    const folder = await prepareModel(work, 'hugging-face', options);
    status.clear();
    const title = `SmolLM2-135M shape, ${options.layers} layers, random weights, float32`;
    return { folder, vocabulary: options.vocabulary, title };
  }
  const folder = await openModel(options.model);
  const { spec } = await openSource(folder);
  checkLength(needed, spec.maximumPositions);
  if (spec.vocabularySize === null) {
    throw new MeasurementError(`${options.model} has no vocabulary; choose a language model.`);
  }
  const held = /\.gguf$/i.test(folder) ? 'as it is' : 'float32';
  return { folder, vocabulary: spec.vocabularySize, title: `${options.model}, ${held}` };
}

function checkLength(needed: number, positions: number): void {
  if (needed <= positions) return;
  throw new MeasurementError(`${needed} positions are needed, and the model has ${positions}.`);
}
