import { createScorer, publishedBam, slowScores } from '@namm/bam';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { blockGraph, reversedGraph, type ScorerGraph } from './scorer-graphs.js';

/** Heads per call of ONNX Runtime, where its forms are fastest; the kernel does not mind. */
export const headsPerCall = 8;

/** One way to score a batch of heads of equal length, on one thread. */
export interface ScorerContender {
  readonly name: string;
  /** Heads that a call scores; the plain twin takes one, for patience. */
  readonly heads: number;
  run(features: Float32Array): Promise<Float32Array>;
}

/** The plain twin, the kernel, and every form of the network for ONNX Runtime. */
export async function scorerContenders(
  parameters: Float32Array,
  tokens: number,
): Promise<ScorerContender[]> {
  const kernel = createScorer(publishedBam, parameters);
  const lengths = new Array<number>(headsPerCall).fill(tokens);
  const session = async (name: string, graph: ScorerGraph): Promise<ScorerContender> => {
    const model = graph(parameters, headsPerCall, tokens);
    const inference = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const shape = [headsPerCall, tokens, publishedBam.features];
    return {
      name,
      heads: headsPerCall,
      run: async (features) => {
        const outputs = await inference.run({ features: new Tensor('float32', features, shape) });
        return outputs.scores!.data as Float32Array;
      },
    };
  };
  return [
    {
      name: 'kernel',
      heads: headsPerCall,
      run: async (features) => kernel.score(features, lengths),
    },
    await session('ORT, GroupQueryAttention reversed', reversedGraph),
    await session('ORT, blocks of 64 rows', blockGraph(64)),
    await session('ORT, blocks of 128 rows', blockGraph(128)),
    await session('ORT, blocks of 256 rows', blockGraph(256)),
    {
      name: 'plain twin',
      heads: 1,
      run: async (features) => Float32Array.from(slowScores(publishedBam, parameters, features)),
    },
  ];
}
