import type { Value } from '@namm/onnx';
import type { AttentionContext } from './attention-context.js';
import { names, type Piece, type RowPart } from './names.js';

/** Some rows of a cache. */
interface PastRows {
  readonly layer: number;
  readonly head: number;
  /** Numbers of a row. */
  readonly size: number;
  readonly piece: Piece;
  readonly part: RowPart;
}

/**
 * Declares rows of the past as the cache holds them, and widens them to `[rows, size]` of float32. One head at a time,
 * they are read from where the processor has just put them: less time than to read float32 from memory.
 */
export function pastRows(
  { graph, cacheDtype }: AttentionContext,
  { layer, head, size, piece, part }: PastRows,
): Value {
  const rows = `${piece}.${layer}.${head}`;
  const input = (type: 'float32' | 'float16' | 'int8') =>
    graph.input(names.past(layer, head, piece, part), type, [rows, size]);
  if (cacheDtype === 'fp32') return input('float32');
  if (cacheDtype === 'fp16') {
    return graph.node('Cast', [input('float16')], { attributes: { to: 1 /* float32 */ } });
  }
  const scales = graph.input(names.pastScales(layer, head, piece, part), 'float32', [rows]);
  return graph.node('DequantizeLinear', [input('int8'), scales], { attributes: { axis: 0 } });
}
