import { Decoder, type DecoderOptions, openModelFolder } from '@namm/decoder';
import { Network } from './network.js';
import { readTransformerSpec } from './read-transformer-spec.js';
import { readTransformerWeights } from './transformer-weights.js';

/**
 * Loads a model.
 *
 * @param folder with `config.json` and `.safetensors` weights
 * @throws {ModelFolderError | FileFormatError} when a file is missing, damaged or not supported
 */
export async function loadNetwork(folder: string, options: DecoderOptions): Promise<Network> {
  const opened = await openModelFolder(folder);
  const { spec, names } = readTransformerSpec(opened);
  const weights = await readTransformerWeights(opened, spec, names);
  const source = {
    name: folder,
    spec: spec.backbone,
    weights: opened.weights,
    digest: `${opened.digest} ${spec.returns}`,
  };
  const decoder = await Decoder.load(source, { ...options, passes: 'small' });
  return new Network(spec, weights, decoder);
}
