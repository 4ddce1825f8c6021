import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from '@namm/core';
import type { Probe, SpectrumProbe } from '@namm/kv-cache';
import type { DecoderSpec } from './spec/decoder-spec.js';
import type { RopeScaling } from './spec/rope-scaling.js';
import { scaleRope } from './spec/scale-rope.js';

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
  /** Reaches beyond the length the model was trained for. */
  readonly ropeScaling?: RopeScaling;
  /** Replaces the limit on positions that config.json states; learned positions have no more. */
  readonly maximumPositions?: number;
  /**
   * Threads that compute; more than there are cores would only wait for each other, so no more are used.
   * @defaultValue the number of cores
   */
  readonly threads?: number;
}

/**
 * Checks the options that do not depend on the model, and fills in their defaults.
 *
 * @throws {InvalidArgumentError} naming the option at fault
 */
export function checkOptions(options: DecoderOptions): {
  readonly probe: Probe;
  readonly chunkSize: number;
  readonly threads: number;
} {
  const { probe = { kind: 'none' }, chunkSize = 256 } = options;
  const threads = options.threads ?? availableParallelism();
  checkProbe(probe);
  requireCount('chunkSize', chunkSize);
  requireCount('threads', threads);
  return { probe, chunkSize, threads: Math.min(threads, availableParallelism()) };
}

/** The model as the options want it. */
export function applyOptions(spec: DecoderSpec, options: DecoderOptions): DecoderSpec {
  const { ropeScaling, maximumPositions } = options;
  const result = ropeScaling ? scaleRope(spec, ropeScaling) : spec;
  if (maximumPositions === undefined) return result;
  requireCount('maximumPositions', maximumPositions);
  if (spec.embedding.learnedPositions && maximumPositions > spec.maximumPositions) {
    const problem = `${spec.family} has learned only ${spec.maximumPositions} positions`;
    throw new InvalidArgumentError('maximumPositions', problem);
  }
  return { ...result, maximumPositions };
}

function checkProbe(probe: Probe): void {
  if (probe?.kind === 'none' || probe?.kind === 'columnSums') return;
  if (probe?.kind === 'spectrum') {
    checkSpectrum(probe);
    return;
  }
  if (probe?.kind !== 'lastQueries') {
    const form = typeof probe === 'string' ? `; write { kind: '${probe}' }` : '';
    const kinds = 'none, columnSums, lastQueries and spectrum';
    const problem = `${JSON.stringify(probe)} is no probe${form}; its kinds are ${kinds}`;
    throw new InvalidArgumentError('probe', problem);
  }
  requireCount('probe.count', probe.count);
}

function checkSpectrum({ kernel, window, hop }: SpectrumProbe): void {
  requireCount('probe.hop', hop);
  requireCount('probe.window', window);
  if (window % hop !== 0) {
    throw new InvalidArgumentError('probe.window', `${window} is no multiple of the hop, ${hop}`);
  }
  const bins = kernel?.length / (2 * window);
  if (!Number.isInteger(bins) || bins < 1 || !kernel.every(Number.isFinite)) {
    const problem = `is not [2 · bins, ${window}] finite numbers`;
    throw new InvalidArgumentError('probe.kernel', problem);
  }
}

function requireCount(option: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new InvalidArgumentError(option, `${value} is not a whole number of at least 1`);
}
