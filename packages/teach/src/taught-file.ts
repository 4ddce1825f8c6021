import { FileFormatError, InvalidArgumentError } from '@namm/core';
import { type TaughtMap, taughtMap } from '@namm/kv-cache';
import {
  describeContent,
  openSealedFile,
  type SafetensorsFile,
  writeSealedFile,
} from '@namm/tensors';
import { quantileCount } from './score-quantiles.js';

const format = 'namm-taught';
const version = '1';

/** Contents of a taught scorer's checkpoint. */
export interface TaughtCheckpoint {
  readonly map: TaughtMap;
  /** Scores on held-out text from the lowest to the highest, `[101]`. */
  readonly quantiles: Float32Array;
  /** Provenance: model, text, tokens, ridge, correlation with the teacher. Plain JSON. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/**
 * Writes a taught scorer: a safetensors file with the weights of each layer, `layers.N.weights [KV heads, inputs]`, and
 * its `quantiles`. Some hundred kilobytes.
 *
 * @throws the file system's error when it cannot be written; an older file of this name is then left unchanged
 */
export async function writeTaught(
  path: string,
  { map, quantiles, provenance }: TaughtCheckpoint,
): Promise<void> {
  const layers = map.layers.map(({ keyValueHeads, weights }, layer) => {
    const shape = [keyValueHeads, weights.length / keyValueHeads];
    return [`layers.${layer}.weights`, { shape, data: weights }] as const;
  });
  const settings = {
    ...{ model: map.model, shared: map.shared },
    layers: map.layers.map(({ keyValueHeads, headSize }) => ({ keyValueHeads, headSize })),
  };
  await writeSealedFile(
    path,
    [...layers, ['quantiles', { shape: [quantiles.length], data: quantiles }] as const],
    { format, version, settings: JSON.stringify(settings), provenance: JSON.stringify(provenance) },
  );
}

/**
 * Reads what {@link writeTaught} wrote.
 *
 * @throws {FileFormatError} when it is truncated, of another format or version, or holds numbers that are not finite
 */
export async function readTaught(path: string): Promise<TaughtCheckpoint> {
  const file = await openSealedFile(path);
  if (file.metadata.get('format') !== format) {
    const found = describeContent(file);
    const what = found === null ? 'is not a taught scorer' : `is not a taught scorer but ${found}`;
    throw new FileFormatError(path, `${what}; \`bench fit\` writes one`);
  }
  if (file.metadata.get('version') !== version) {
    const found = JSON.stringify(file.metadata.get('version'));
    const problem = `is a taught scorer of version ${found}`;
    throw new FileFormatError(path, `${problem}; this program reads version ${version}`);
  }
  const { model, layers, shared } = readJson(file, 'settings') as {
    model?: unknown;
    shared?: unknown;
    layers?: readonly { keyValueHeads: number; headSize: number }[];
  };
  if (typeof model !== 'string' || typeof shared !== 'number' || !Array.isArray(layers)) {
    const problem = 'its settings lack model, layers or the weight of what heads share';
    throw new FileFormatError(path, `${problem}; fetch it again`);
  }
  const own = await Promise.all(
    layers.map(async ({ keyValueHeads, headSize }, layer) => {
      return {
        keyValueHeads,
        headSize,
        weights: await file.readFloat32(`layers.${layer}.weights`),
      };
    }),
  );
  const quantiles = await file.readFloat32('quantiles');
  if (quantiles.length !== quantileCount || !quantiles.every(Number.isFinite)) {
    throw new FileFormatError(path, 'its quantiles are damaged; fetch it again');
  }
  try {
    const provenance = readJson(file, 'provenance');
    return { map: taughtMap(model, own, shared), quantiles, provenance };
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause;
    throw new FileFormatError(path, cause.message, { cause });
  }
}

function readJson({ path, metadata }: SafetensorsFile, key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(metadata.get(key) ?? '');
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new FileFormatError(path, `its ${key} are not JSON; fetch it again`, { cause });
  }
  throw new FileFormatError(path, `its ${key} are not a JSON object; fetch it again`);
}
