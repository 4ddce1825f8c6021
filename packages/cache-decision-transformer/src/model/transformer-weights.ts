import { type ModelFolder, readWeight } from '@namm/decoder';
import { Linear } from './linear.js';
import type { TensorNames } from './tensor-names.js';
import type { TransformerSpec } from './transformer-spec.js';

/** The weights around the layers. */
export interface TransformerWeights {
  readonly embed: { readonly return: Linear; readonly state: Linear; readonly action: Linear };
  /** `[timesteps, hiddenSize]` */
  readonly timesteps: Float32Array;
  readonly norm: { readonly weight: Float32Array; readonly bias: Float32Array };
  /** Added to every row behind the norm, `[hiddenSize]`; null where there is none. */
  readonly offset: Float32Array | null;
  readonly predict: { readonly return: Linear; readonly state: Linear; readonly action: Linear };
}

/**
 * Reads the weights around the layers.
 *
 * @throws {ModelFolderError} when one is missing, has another shape, or is not finite
 */
export async function readTransformerWeights(
  folder: ModelFolder,
  { stateSize, actionSize, timesteps, backbone }: TransformerSpec,
  { outer, positions }: TensorNames,
): Promise<TransformerWeights> {
  const { hiddenSize } = backbone;
  const read = (name: string, shape: readonly number[]) => readWeight(folder, outer + name, shape);
  const linear = async (name: string, inputs: number, outputs: number) =>
    new Linear(
      await read(`${name}.weight`, [outputs, inputs]),
      await read(`${name}.bias`, [outputs]),
    );
  const embed = (name: string, size: number) => linear(`embed_${name}`, size, hiddenSize);
  const predict = (name: string, size: number) => linear(`predict_${name}`, hiddenSize, size);
  return {
    embed: {
      return: await embed('return', 1),
      state: await embed('state', stateSize),
      action: await embed('action', actionSize),
    },
    timesteps: await read('embed_timestep.weight', [timesteps, hiddenSize]),
    norm: {
      weight: await read('embed_ln.weight', [hiddenSize]),
      bias: await read('embed_ln.bias', [hiddenSize]),
    },
    offset: positions === null ? null : await firstRow(folder, positions, hiddenSize),
    predict: {
      return: await predict('return', 1),
      state: await predict('state', stateSize),
      action: await predict('action.0', actionSize),
    },
  };
}

/** transformers gives every token of a Decision Transformer position 0. */
async function firstRow(folder: ModelFolder, name: string, size: number): Promise<Float32Array> {
  const rows = folder.weights.get(name)?.shape[0] ?? 1;
  return (await readWeight(folder, name, [rows, size])).slice(0, size);
}
