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
   * What the graph reports of the attention: the probe of the policies that will be used.
   * @defaultValue `{ kind: 'none' }`
   */
  readonly probe?: Probe;
  /**
   * Tokens computed at once while a prompt is read; eviction happens after each chunk.
   * @defaultValue 256
   */
  readonly chunkSize?: number;
  /**
   * What weights are held and multiplied in: `auto` leaves floats float32 and blocks of a GGUF file in their bits,
   * `fp32` makes all float32, `q8` and `q4` round matrices to few bits, also those of a folder.
   * @defaultValue `auto`
   */
  readonly dtype?: WeightDtype;
  /**
   * What caches hold keys and values in: `fp16` takes half the memory of `fp32`, `int8`, with a scale per row of a
   * head, a quarter. What is read in one chunk sees the new keys and values of that chunk unrounded.
   * @defaultValue `fp32`
   */
  readonly cacheDtype?: CacheDtype;
  /**
   * How a pass is computed: `layers`, layer by layer, so that all items of a step share the linear layers; `whole`, in
   * one graph, items one after the other; `small`, likewise, for a model so small that what a pass costs beside its
   * arithmetic counts, such as an agent's.
   * @defaultValue `layers` for models of 20 million weights or more, else `whole`
   */
  readonly passes?: PassKind;
  /**
   * Folder that keeps what is made of a model's weights before they can be computed with, such as matrices that were brought to few
   * bits, so that the next start need not make it again; null keeps nothing. Files that were not used for longest are
   * removed beyond 16 GiB. A folder that cannot be written to is no error: then nothing is kept.
   * @defaultValue `NAMM_PREPARED_WEIGHTS` of the environment (`off` for null), else `namm/prepared` in the user's cache folder
   */
  readonly preparedWeights?: string | null;
  /** Reaches beyond the length the model was trained for. */
  readonly ropeScaling?: RopeScaling;
  /** Replaces the limit on positions that config.json states; learned positions have no more. */
  readonly maximumPositions?: number;
  /**
   * Threads that compute; more than there are cores would only wait for each other, so no more are used.
   * @defaultValue the number of cores
   */
  readonly threads?: number;
  /**
   * What computes; another one than ONNX Runtime for Node has to read ONNX graphs with its operators.
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
