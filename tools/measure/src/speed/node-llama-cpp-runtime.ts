import { loadNodeLlamaCpp } from './node-llama-cpp.js';
import type { Runtime, RuntimeOptions } from './runtime.js';

/** llama.cpp on the CPU through node-llama-cpp, with its defaults: keys and values in half precision. */
export async function nodeLlamaCppRuntime(
  { model: path, threads, maximumTokens, keepLogits }: RuntimeOptions,
  installation: string,
): Promise<Runtime> {
  const { getLlama } = await loadNodeLlamaCpp(installation);
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    logLevel: 'error',
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath: path });
  const sizes = { contextSize: maximumTokens, threads };
  const sequence = (await model.createContext(sizes)).getSequence();
  let read: number[] = [];
  let from = 0;
  return {
    async generate(prompt, count, onToken) {
      await sequence.clearHistory();
      read = [...prompt];
      from = prompt.length - 1;
      const greedy = { temperature: 0, yieldEogToken: true } as const;
      let done = 0;
      for await (const token of sequence.evaluate(prompt, greedy)) {
        onToken(token);
        if (++done === count) break;
        read.push(token);
      }
    },
    /**
     * Reads all tokens again, because `evaluate` does not give logits, and in float32 throughout, so that
     * they show whether the model is the same, which the rounding of keys and values would blur.
     */
    async logits() {
      if (!keepLogits) return [];
      const context = await model.createContext({
        ...sizes,
        flashAttention: false,
        experimentalKvCacheKeyType: 'F32',
        experimentalKvCacheValueType: 'F32',
      });
      const options = { generateNext: { logits: true } } as const;
      const outputs = await context
        .getSequence()
        .controlledEvaluate(read.map((token, i) => (i < from ? token : [token, options])));
      return outputs.slice(from).map((output) => {
        const logits = output!.next.logits!; // in descending order
        const result = new Float32Array(logits.size);
        for (const [token, logit] of logits) result[token] = logit;
        return result;
      });
    },
  };
}
