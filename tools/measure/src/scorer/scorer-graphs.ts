import { parameterLayout, publishedBam } from '@namm/bam';
import { float, GraphBuilder, type Value } from '@namm/onnx';

const { features, hidden } = publishedBam;
const contrib = 'com.microsoft';
/** Far below any logit, and added without overflow. */
const masked = -1e30;

/** One form of BAM as an ONNX graph: input `features` `[heads, tokens, 25]`, output `scores` alike. */
export type ScorerGraph = (parameters: Float32Array, heads: number, tokens: number) => Uint8Array;

/**
 * Causal attention in one fused operator: a token that sees newer ones is, with the sequence reversed, a token
 * that sees older ones.
 */
export const reversedGraph: ScorerGraph = (parameters, heads) => {
  const graph = new GraphBuilder('reversed');
  const given = graph.input('features', 'float32', [heads, 'tokens', features]);
  const reverse = (value: Value) =>
    graph.node('Slice', [
      value,
      graph.int64([-1]),
      graph.int64([Number.MIN_SAFE_INTEGER]),
      graph.int64([1]),
      graph.int64([-1]),
    ]);
  const input = reverse(given);
  const layers = layersOf(graph, parameters);
  const [query, key, value] = layers.project(input);
  const int32 = { attributes: { to: 6 } };
  const count = graph.node('Gather', [graph.node('Shape', [input]), graph.int64(1)]);
  const total = graph.node('Cast', [count], int32);
  const last = graph.node('Sub', [total, graph.int32(1)]);
  const lengths = graph.node('Expand', [last, graph.int64([heads])]);
  const past = graph.float32([], [heads, 1, 0, hidden]);
  const [attended] = graph.nodes(
    'GroupQueryAttention',
    [query!, key!, value!, past, past, lengths, total],
    3,
    {
      domain: contrib,
      attributes: { num_heads: 1, kv_num_heads: 1, scale: float(hidden ** -0.5) },
    },
  );
  const scores = reverse(layers.finish(input, attended!));
  graph.output('scores', scores, 'float32', [heads, 'tokens', 1]);
  return graph.encode();
};

/**
 * Softmax over blocks of `size` tokens, each against the tokens from its first one on; only the square on the
 * diagonal needs a mask. Made for one number of tokens.
 */
export function blockGraph(size: number): ScorerGraph {
  return (parameters, heads, tokens) => {
    const graph = new GraphBuilder('blocks');
    const input = graph.input('features', 'float32', [heads, tokens, features]);
    const layers = layersOf(graph, parameters);
    const [query, key, value] = layers.project(input);
    const slice = (from: Value, start: number, end: number) =>
      graph.node('Slice', [from, graph.int64([start]), graph.int64([end]), graph.int64([1])]);
    const blocks: Value[] = [];
    for (let start = 0; start < tokens; start += size) {
      const rows = Math.min(size, tokens - start);
      const columns = tokens - start;
      const mask = Array.from({ length: rows * columns }, (_, i) =>
        i % columns < Math.floor(i / columns) ? masked : 0,
      );
      const logits = graph.node(
        'FusedMatMul',
        [slice(query!, start, start + rows), slice(key!, start, tokens)],
        { domain: contrib, attributes: { transB: 1, alpha: float(hidden ** -0.5) } },
      );
      const seen = graph.node('Add', [logits, graph.float32(mask, [rows, columns])]);
      const shares = graph.node('Softmax', [seen], { attributes: { axis: -1 } });
      blocks.push(graph.node('MatMul', [shares, slice(value!, start, tokens)]));
    }
    const attended = graph.node('Concat', blocks, { attributes: { axis: 1 } });
    const scores = layers.finish(input, attended);
    graph.output('scores', scores, 'float32', [heads, tokens, 1]);
    return graph.encode();
  };
}

/** What stands before and behind the attention. */
function layersOf(graph: GraphBuilder, parameters: Float32Array) {
  const weights = new Map(
    parameterLayout(publishedBam).map(({ name, offset, shape }) => {
      const length = shape.reduce((product, dimension) => product * dimension, 1);
      const numbers = [...parameters.subarray(offset, offset + length)];
      return [name, graph.float32(numbers, shape)] as const;
    }),
  );
  const linear = (input: Value, name: string) => {
    const product = graph.node('MatMul', [input, weights.get(`${name}.weight`)!]);
    return graph.node('Add', [product, weights.get(`${name}.bias`)!]);
  };
  const split = (value: Value, sizes: readonly number[]) =>
    graph.nodes('Split', [value, graph.int64(sizes)], sizes.length, { attributes: { axis: -1 } });
  return {
    project: (input: Value) => split(linear(input, 'qkv'), [hidden, hidden, hidden]),
    finish: (input: Value, attended: Value) => {
      const [residual, multiplier] = split(linear(attended, 'out'), [features, features]);
      const factor = graph.node('Add', [multiplier!, graph.float32([1])]);
      const scaled = graph.node('Mul', [input, factor]);
      return linear(graph.node('Add', [scaled, residual!]), 'score');
    },
  };
}
