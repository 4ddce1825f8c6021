import { availableParallelism } from 'node:os';
import { checkChoice, checkInteger, checkNames, InvalidArgumentError, shown } from '@namm/core';
import { type CacheDtype, cacheDtypes, type Probe } from '@namm/kv-cache';
import { defaultPreparedFolder } from './prepared/prepared-folder.js';
import { checkProbe } from './probes/probe-kinds.js';
import { ortNode } from './runtime/ort-node.js';
import type { Runtime } from './runtime/runtime.js';
import { type WeightDtype, weightDtypes } from './source/weight-dtype.js';
import type { DecoderSpec } from './spec/decoder-spec.js';
import type { RopeScaling } from './spec/rope-scaling.js';
import { scaleRope } from './spec/scale-rope.js';
import { type PassKind, passKinds } from './step/pass-kind.js';

export interface DecoderOptions {
  /**
   * What the graph reports about the attention: the probe of the policies that you will use.
   * @defaultValue `{ kind: 'none' }`
   */
  readonly probe?: Probe;
  /**
   * Tokens computed at once while a prompt is read; eviction happens after each chunk.
   * @defaultValue 256
   */
  readonly chunkSize?: number;
  /**
   * Precision of the weights. `auto` uses float32 for floats and keeps the blocks of a GGUF file quantised; `fp32`
   * converts everything to float32; `q8` and `q4` quantise matrices, including those of a folder.
   * @defaultValue `auto`
   */
  readonly dtype?: WeightDtype;
  /**
   * Precision of cached keys and values: `fp16` takes half the memory of `fp32`, and `int8`, with a scale per row of a
   * head, a quarter. Within a chunk, tokens see that chunk's new keys and values unrounded.
   * @defaultValue `fp32`
   */
  readonly cacheDtype?: CacheDtype;
  /**
   * How a pass is computed. `layers`: layer by layer, so that all items of a step share the linear layers. `whole`: in
   * one graph, item by item. `small`: likewise, for a model so small that the overhead of a pass matters, such as an
   * agent's.
   * @defaultValue `layers` for models of 20 million weights or more, else `whole`
   */
  readonly passes?: PassKind;
  /**
   * Folder that keeps converted weights, such as quantised matrices, so that the next start need not convert them
   * again; null keeps nothing. Beyond 16 GiB the least recently used files are removed. If the folder cannot be
   * written, nothing is kept, and that is not an error.
   * @defaultValue `NAMM_PREPARED_WEIGHTS` of the environment (`off` for null), else `namm/prepared` in the user's cache folder
   */
  readonly preparedWeights?: string | null;
  /** Extends the context beyond the model's training length. */
  readonly ropeScaling?: RopeScaling;
  /** Replaces the position limit in config.json; it cannot exceed the number of learned positions. */
  readonly maximumPositions?: number;
  /**
   * Compute threads; at most one per core is used.
   * @defaultValue the number of cores
   */
  readonly threads?: number;
  /**
   * The runtime. Any other than ONNX Runtime for Node must support ONNX graphs with its operators.
   * @defaultValue onnxruntime-node
   */
  readonly runtime?: Runtime;
}

/**
 * Checks the options that do not depend on the model, and fills in their defaults.
 *
 * @throws {InvalidArgumentError} naming the option at fault
 */
export function checkOptions(options: DecoderOptions): {
  readonly probe: Probe;
  readonly chunkSize: number;
  readonly dtype: WeightDtype;
  readonly cacheDtype: CacheDtype;
  readonly threads: number;
  readonly runtime: Runtime;
  readonly passes: PassKind | undefined;
  readonly preparedWeights: string | null;
} {
  checkNames('Decoder.load', options, [
    'probe',
    'chunkSize',
    'dtype',
    'cacheDtype',
    'passes',
    'preparedWeights',
    'ropeScaling',
    'maximumPositions',
    'threads',
    'runtime',
  ]);
  const {
    probe = { kind: 'none' },
    chunkSize = 256,
    dtype = 'auto',
    cacheDtype = 'fp32',
    runtime = ortNode,
    passes,
    preparedWeights = defaultPreparedFolder(),
  } = options;
  const threads = options.threads ?? availableParallelism();
  checkProbe(probe);
  checkInteger('chunkSize', chunkSize, 1);
  checkInteger('threads', threads, 1);
  checkChoice('dtype', dtype, weightDtypes);
  checkChoice('cacheDtype', cacheDtype, cacheDtypes);
  if (passes !== undefined) checkChoice('passes', passes, passKinds);
  const isFolder = typeof preparedWeights === 'string' && preparedWeights !== '';
  if (preparedWeights !== null && !isFolder) {
    const problem = `${shown(preparedWeights)} is neither the path of a folder nor null`;
    throw new InvalidArgumentError('preparedWeights', problem);
  }
  const used = Math.min(threads, availableParallelism());
  return { probe, chunkSize, dtype, cacheDtype, threads: used, runtime, passes, preparedWeights };
}

/** The model as the options want it. */
export function applyOptions(spec: DecoderSpec, options: DecoderOptions): DecoderSpec {
  const { ropeScaling, maximumPositions } = options;
  const result = ropeScaling ? scaleRope(spec, ropeScaling) : spec;
  if (maximumPositions === undefined) return result;
  checkInteger('maximumPositions', maximumPositions, 1);
  if (spec.learnedPositions && maximumPositions > spec.maximumPositions) {
    const problem = `${spec.family} has learned only ${spec.maximumPositions} positions`;
    throw new InvalidArgumentError('maximumPositions', problem);
  }
  return { ...result, maximumPositions };
}
