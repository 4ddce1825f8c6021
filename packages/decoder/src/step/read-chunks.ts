import type { SequenceInput } from '@namm/kv-cache';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import { checkInput } from './check-input.js';

/** Some consecutive tokens of one sequence, as ids or as rows; the other of the two is empty. */
export interface Chunk {
  readonly ids: Int32Array;
  readonly embeddings: Float32Array;
  /** `[count, axes]` for a model whose tokens have positions of their own, else null. */
  readonly positions: Int32Array | null;
  readonly count: number;
}

/** Where chunks end: at multiples of `size` in the sequence, and of `interval` where a policy chooses. */
export interface ChunkGrid {
  /** Tokens of the sequence before the input. */
  readonly seen: number;
  readonly size: number;
  readonly interval: number;
  /** Where positions go on along all axes when none are given, for a model whose tokens have their own. */
  readonly nextAxisPosition: number;
}

/**
 * Checks an input and cuts it into chunks. They end where they would if all input had come at once, so
 * that turns make no difference to what a policy sees.
 *
 * @param spec the model
 * @param input of one sequence
 * @param grid where chunks end
 * @throws {DecoderInputError} when it is empty, an id is not in the vocabulary, or rows or positions have
 *   the wrong size
 */
export function readChunks(spec: DecoderSpec, input: SequenceInput, grid: ChunkGrid): Chunk[] {
  const { ids, embeddings, count: total, ...given } = checkInput(spec, input);
  const { hiddenSize, positionAxes: axes = 0 } = spec;
  const positions = given.positions ?? consecutive(grid.nextAxisPosition, total, axes);
  const chunks: Chunk[] = [];
  const room = (token: number, step: number) => step - (token % step);
  for (let from = 0; from < total; ) {
    const token = grid.seen + from;
    const to = Math.min(from + room(token, grid.size), from + room(token, grid.interval), total);
    chunks.push({
      ids: ids.subarray(from, to),
      embeddings: embeddings.subarray(from * hiddenSize, to * hiddenSize),
      positions: axes > 0 ? positions.subarray(from * axes, to * axes) : null,
      count: to - from,
    });
    from = to;
  }
  return chunks;
}

/** Text goes on alike along all axes, `[count, axes]`. */
function consecutive(first: number, count: number, axes: number): Int32Array {
  return Int32Array.from({ length: count * axes }, (_, i) => first + Math.floor(i / axes));
}
