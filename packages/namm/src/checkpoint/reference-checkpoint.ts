import { parameterCount, publishedBam, type ScorerSettings } from '@namm/bam';
import { checkNames, FileFormatError } from '@namm/core';
import type { Normaliser } from '@namm/features';
import { NumpyArray, readTorchFile, TorchTensor } from '@namm/tensors';
import {
  findCheckpointProblem,
  type NammCheckpoint,
  normalisedFeatures,
  publishedFeatures,
} from './checkpoint.js';

/** The state of evolution in a checkpoint of the reference implementation. */
export interface ReferenceState {
  /** By name; numbers are read when asked for. `mean` is the trained vector. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Generations, and the best validation score. Null where the file has none. */
  readonly iteration: number | null;
  readonly bestValidation: number | null;
}

/** The prefix that torch.compile adds to names. */
const compiledPrefix = '_orig_mod.';
/** The merged statistics that the model was frozen with; not those of the best member. */
const statistics = 'stored_buffers_to_save.token_embedding_0_output_';

/**
 * Reads `ckpt.pt` of the reference implementation, without Python: the archive and the old format of
 * torch.save. The file need not be trusted: nothing in it is executed.
 *
 * @throws {FileFormatError} when it is damaged, or is another kind of file
 */
export async function readReferenceState(path: string): Promise<ReferenceState> {
  const root = await readTorchFile(path);
  const state = root instanceof Map ? root.get('evolution_state') : undefined;
  if (!(root instanceof Map) || !(state instanceof Map)) {
    throw new FileFormatError(path, 'has no evolution_state; is it a ckpt.pt of the reference?');
  }
  const tensors = new Map<string, TorchTensor>();
  for (const [key, value] of state) {
    if (typeof key !== 'string' || !(value instanceof TorchTensor)) {
      const shown = JSON.stringify(String(key).slice(0, 120));
      throw new FileFormatError(path, `${shown} in its evolution_state is not a tensor`);
    }
    const name = key.startsWith(compiledPrefix) ? key.slice(compiledPrefix.length) : key;
    if (tensors.has(name)) throw new FileFormatError(path, `has ${JSON.stringify(name)} twice`);
    tensors.set(name, value);
  }
  return {
    tensors,
    iteration: await numberOf(root.get('iter_num')),
    bestValidation: await numberOf(root.get('best_val_loss')),
  };
}

/** A number, also if PyTorch or NumPy stored it as a tensor or array of one element; null otherwise. */
async function numberOf(value: unknown): Promise<number | null> {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (!(value instanceof TorchTensor || value instanceof NumpyArray)) return null;
  if (value.shape.some((size) => size !== 1)) return null;
  const [number] = value instanceof TorchTensor ? await value.read() : value.data;
  return Number(number);
}

export interface ImportOptions {
  /** @defaultValue BAM at the published sizes */
  readonly scorer?: ScorerSettings;
  /** Queries between updates in training. @defaultValue 512 */
  readonly updateInterval?: number;
}

/**
 * Imports `ckpt.pt` of the reference implementation. The parameters are the mean of the evolution strategy, as in the
 * published evaluation, and not the best member, which is the maximum of a noisy measurement. The statistics are the
 * merged ones of that mean.
 *
 * @throws {FileFormatError} when the file is damaged or of another kind, its vector has the wrong size for the scorer,
 *   its statistics are missing, or numbers are not finite
 *
 * @example
 * ```ts
 * await writeCheckpoint('namm.safetensors', await importReferenceCheckpoint('ckpt.pt'));
 * ```
 */
export async function importReferenceCheckpoint(
  path: string,
  options: ImportOptions = {},
): Promise<NammCheckpoint> {
  checkNames('importReferenceCheckpoint', options, ['scorer', 'updateInterval']);
  const { scorer = publishedBam, updateInterval = 512 } = options;
  const { tensors, iteration, bestValidation } = await readReferenceState(path);
  const read = async (name: string, size: number) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new FileFormatError(path, `has no tensor ${name}; is it a finished run's?`);
    const count = tensor.shape.reduce((product, length) => product * length, 1);
    if (count === size) return Float64Array.from(await tensor.read(), Number);
    const problem = `${name} has ${count} numbers where ${size} are needed`;
    throw new FileFormatError(path, `${problem}; give the scorer that it was trained with`);
  };
  const bins = normalisedFeatures(publishedFeatures);
  const counts = await read(`${statistics}num`, bins);
  const normaliser: Normaliser = {
    shape: [bins],
    mean: Float32Array.from(await read(`${statistics}mean`, bins)),
    variance: Float32Array.from(await read(`${statistics}var`, bins)),
    count: counts.slice(0, 1),
  };
  if (counts.some((count) => count !== counts[0])) {
    throw new FileFormatError(path, 'its statistics have a count of their own for each feature');
  }
  const checkpoint: NammCheckpoint = {
    scorer,
    parameters: Float32Array.from(await read('mean', parameterCount(scorer))),
    normaliser,
    features: publishedFeatures,
    policy: { updateInterval, semantics: 'reference' },
    provenance: { importedFrom: 'a checkpoint of the reference', iteration, bestValidation },
  };
  const problem = findCheckpointProblem(checkpoint);
  if (problem !== null) throw new FileFormatError(path, problem);
  return checkpoint;
}
