import type { ScorerSettings } from '@namm/bam';
import { FileFormatError } from '@namm/core';
import { describeContent, openSealedFile, type SafetensorsFile } from '@namm/tensors';
import {
  type DecisionSettings,
  type FeatureSettings,
  findCheckpointProblem,
  type HeadBias,
  type NammCheckpoint,
} from './checkpoint.js';
import { checkpointFormat, checkpointVersion } from './write-checkpoint.js';

/** A checkpoint has some kilobytes; per-head statistics of a large model a few hundred. */
const mostNumbers = 2 ** 24;

/**
 * Reads a checkpoint written by `writeCheckpoint`.
 *
 * @throws {FileFormatError} when it is truncated, of another format or version, incomplete, or holds numbers that no
 *   scorer can use (NaN, a variance of 0 …)
 *
 * @example
 * ```ts
 * const { scorer, parameters } = await readCheckpoint('namm.safetensors');
 * createScorer(scorer, parameters);
 * ```
 */
export async function readCheckpoint(path: string): Promise<NammCheckpoint> {
  const file = await openSealedFile(path);
  const { metadata } = file;
  if (metadata.get('format') !== checkpointFormat) {
    const found = describeContent(file);
    throw new FileFormatError(
      path,
      found === null
        ? 'is not a NAMM checkpoint; importReferenceCheckpoint reads ckpt.pt'
        : `is not a NAMM checkpoint but ${found}`,
    );
  }
  if (metadata.get('version') !== checkpointVersion) {
    const problem = `is a checkpoint of version ${JSON.stringify(metadata.get('version'))}`;
    throw new FileFormatError(path, `${problem}; this program reads version ${checkpointVersion}`);
  }
  const settings = readJson(file, 'settings');
  const { scorer, features, policy } = settings;
  if (
    !isRecord(scorer) ||
    !isRecord(features) ||
    !isRecord(features.recency) ||
    !isRecord(policy)
  ) {
    throw new FileFormatError(path, 'its settings lack scorer, features, recency or policy');
  }
  const { shape } = file.entry('normaliser.mean');
  const checkpoint: NammCheckpoint = {
    scorer: scorer as unknown as ScorerSettings,
    parameters: await readNumbers(file, 'parameters', 'F32'),
    normaliser: {
      shape,
      mean: await readNumbers(file, 'normaliser.mean', 'F32'),
      variance: await readNumbers(file, 'normaliser.variance', 'F32'),
      count: await readNumbers(file, 'normaliser.count', 'F64'),
    },
    features: features as unknown as FeatureSettings,
    policy: policy as unknown as DecisionSettings,
    provenance: readJson(file, 'provenance'),
    ...(await readHeadBias(file)),
  };
  const problem = findCheckpointProblem(checkpoint);
  if (problem !== null) throw new FileFormatError(path, `${problem}; write or fetch it again`);
  return checkpoint;
}

async function readHeadBias(file: SafetensorsFile): Promise<{ headBias?: HeadBias }> {
  if (!file.tensors.has('head.bias')) return {};
  const [layers = 0, heads = 0] = file.entry('head.bias').shape;
  return { headBias: { layers, heads, values: await readNumbers(file, 'head.bias', 'F32') } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson({ path, metadata }: SafetensorsFile, key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(metadata.get(key) ?? '');
    if (isRecord(value)) return value;
  } catch (cause) {
    throw new FileFormatError(path, `its ${key} are not JSON; fetch it again`, { cause });
  }
  throw new FileFormatError(path, `its ${key} are not a JSON object; fetch it again`);
}

function readNumbers(file: SafetensorsFile, name: string, dtype: 'F32'): Promise<Float32Array>;
function readNumbers(file: SafetensorsFile, name: string, dtype: 'F64'): Promise<Float64Array>;
async function readNumbers(file: SafetensorsFile, name: string, dtype: 'F32' | 'F64') {
  const entry = file.entry(name);
  const count = entry.shape.reduce((product, size) => product * size, 1);
  if (entry.dtype !== dtype || count > mostNumbers) {
    const given = `${entry.dtype} [${entry.shape}]`;
    throw new FileFormatError(file.path, `tensor ${name} is ${given} where ${dtype} is needed`);
  }
  return dtype === 'F32' ? file.readFloat32(name) : file.readFloat64(name);
}
