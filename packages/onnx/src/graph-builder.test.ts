import { fromBinary } from '@bufbuild/protobuf';
import { InvalidArgumentError } from '@namm/core';
import { ModelProtoSchema } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { float } from './attribute.js';
import { GraphBuilder } from './graph-builder.js';

async function run(graph: GraphBuilder, feeds: Record<string, Tensor>) {
  const session = await InferenceSession.create(graph.encode());
  const outputs = await session.run(feeds);
  await session.release();
  return outputs;
}

describe('GraphBuilder', () => {
  it('runs the example of its documentation', async () => {
    const graph = new GraphBuilder('double');
    const x = graph.input('x', 'float32', ['n']);
    graph.output('y', graph.node('Add', [x, x]), 'float32', ['n']);
    const outputs = await run(graph, { x: new Tensor('float32', [1, 2, 3], [3]) });
    expect(Array.from(outputs.y!.data as Float32Array)).toEqual([2, 4, 6]);
  });

  it('encodes attributes of every kind, constants, contrib operators and optional inputs', async () => {
    const graph = new GraphBuilder('kinds');
    const x = graph.input('x', 'float32', [2, 2]);
    const product = graph.node('FusedMatMul', [x, x], {
      domain: 'com.microsoft',
      attributes: { transB: 1, alpha: float(2) }, // an integer and a float
    });
    const turned = graph.node('Transpose', [product], { attributes: { perm: [1, 0] } });
    const rounded = graph.node('Gelu', [turned], { attributes: { approximate: 'none' } });
    const clipped = graph.node('Clip', [rounded, null, graph.float32([7])]);
    graph.output('y', clipped, 'float32', [2, 2]);
    const outputs = await run(graph, { x: new Tensor('float32', [1, 0, 0, 2], [2, 2]) });
    const [a, b, , d] = outputs.y!.data as Float32Array;
    expect(a).toBeCloseTo(1.9545, 3); // gelu(2)
    expect(b).toBe(0);
    expect(d).toBe(7);
  });

  it('gives nodes with several outputs and integer constants', async () => {
    const graph = new GraphBuilder('split');
    const x = graph.input('x', 'float32', ['n']);
    const parts = graph.nodes('Split', [x, graph.int64([1, 2])], 2, { attributes: { axis: 0 } });
    graph.output('tail', parts[1]!, 'float32', [2]);
    const at = graph.node('Gather', [parts[0]!, graph.int64(0)]);
    graph.output('head', at, 'float32', []);
    const outputs = await run(graph, { x: new Tensor('float32', [5, 6, 7], [3]) });
    expect(Array.from(outputs.tail!.data as Float32Array)).toEqual([6, 7]);
    expect(outputs.head!.dims).toEqual([]);
  });

  it('computes only the branch that is chosen', async () => {
    const graph = new GraphBuilder('branches');
    const x = graph.input('x', 'float32', ['n']);
    const wanted = graph.input('wanted', 'bool', [1]);
    const doubled = graph.node('Add', [x, x]);
    const chosen = graph.choose(
      wanted,
      () => graph.node('Mul', [doubled, graph.float32([10])]),
      () => graph.float32([], [0]),
    );
    graph.output('y', chosen, 'float32', ['m']);
    expect(() =>
      graph.choose(
        wanted,
        () => graph.input('z', 'float32', [1]),
        () => x,
      ),
    ).toThrow("'z' cannot be declared in a branch");
    const feed = (is: boolean) => ({
      x: new Tensor('float32', [1, 2], [2]),
      wanted: new Tensor('bool', [is], [1]),
    });
    expect(Array.from((await run(graph, feed(true))).y!.data as Float32Array)).toEqual([20, 40]);
    expect((await run(graph, feed(false))).y!.dims).toEqual([0]);
  });

  it('computes the same for each part, and what is made of constants once, outside', async () => {
    const graph = new GraphBuilder('parts');
    const x = graph.input('x', 'float32', [2, 2]);
    const y = graph.input('y', 'float32', [2, 1]);
    const factor = graph.float32([3]);
    const more = graph.node('Neg', [x]);
    let cast = factor;
    const [sums, places] = graph.each([x, y], ([row, own]) => {
      cast = graph.node('Add', [factor, graph.float32([1])]);
      return [graph.node('Add', [graph.node('Mul', [row!, cast]), own!]), own!];
    });
    // What was made in the parts of constants can be used behind them.
    graph.output('sums', graph.node('Mul', [sums!, cast]), 'float32', [2, 2]);
    graph.output('places', places!, 'float32', [2, 1]);
    graph.output('more', more, 'float32', [2, 2]);
    expect(() => graph.each([x], () => [new GraphBuilder('other').float32([1])])).toThrow(
      'belongs to another graph',
    );
    const outputs = await run(graph, {
      x: new Tensor('float32', [1, 2, 3, 4], [2, 2]),
      y: new Tensor('float32', [10, 20], [2, 1]),
    });
    const numbers = (name: string) => Array.from(outputs[name]!.data as Float32Array);
    expect(numbers('sums')).toEqual([56, 72, 128, 144]);
    expect(numbers('places')).toEqual([10, 20]);
  });

  it('keeps names unique, carries scopes and stores equal constants once', () => {
    const graph = new GraphBuilder('names');
    const x = graph.input('x', 'float32', [1]);
    const inner = graph.scope('layer.0', () => graph.scope('head', () => graph.node('Neg', [x])));
    const again = graph.scope('layer.0', () => graph.scope('head', () => graph.node('Neg', [x])));
    expect([inner.name, again.name]).toEqual(['layer.0/head/Neg', 'layer.0/head/Neg.1']);
    expect(graph.float32([1, 2], [2])).toBe(graph.float32([1, 2], [2]));
    expect(graph.float32([1, 2], [2])).not.toBe(graph.float32([1, 2], [2, 1]));
    expect(graph.int32(1)).not.toBe(graph.int64(1));
  });

  it('points to weights outside of the model', () => {
    const graph = new GraphBuilder('external');
    graph.external('w', 'float16', [2, 3], { location: 'w.safetensors', offset: 64, length: 12 });
    const { initializer } = fromBinary(ModelProtoSchema, graph.encode()).graph!;
    const entries = initializer[0]!.externalData.map(({ key, value }) => [key, value]);
    expect(Object.fromEntries(entries)).toEqual({
      location: 'w.safetensors',
      offset: '64',
      length: '12',
    });
  });

  it('refuses floats that float32 cannot hold', () => {
    expect(() => float(1e300)).toThrow(InvalidArgumentError);
    expect(() => float(Number.NaN)).toThrow(InvalidArgumentError);
  });

  it('refuses a name that stands already, an empty one, and values of another graph', () => {
    const graph = new GraphBuilder('a');
    graph.input('x', 'float32', [1]);
    expect(() => graph.input('x', 'float32', [1])).toThrow(InvalidArgumentError);
    expect(() => graph.input('', 'float32', [1])).toThrow(InvalidArgumentError);
    const other = new GraphBuilder('b').input('y', 'float32', [1]);
    expect(() => graph.node('Neg', [other])).toThrow('another graph');
    expect(() => graph.output('z', other, 'float32', [1])).toThrow('another graph');
  });
});
