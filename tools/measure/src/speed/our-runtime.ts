import { Decoder, type WeightDtype } from '@namm/decoder';
import { type CacheDtype, full, sinkRecent } from '@namm/kv-cache';
import type { Runtime, RuntimeOptions } from './runtime.js';

/** What is special about one of our contenders. */
interface OurOptions {
  /** Tokens per head that a policy holds; null for the full cache. */
  readonly budget: number | null;
  readonly dtype: WeightDtype;
  readonly cacheDtype: CacheDtype;
}

/** Our decoder. */
export async function ourRuntime(
  { model, threads, keepLogits }: RuntimeOptions,
  { budget, ...types }: OurOptions,
): Promise<Runtime> {
  const policy = budget === null ? full() : sinkRecent({ budget });
  const decoder = await Decoder.load(model, { threads, ...types, probe: policy.probe });
  let kept: Float32Array[] = [];
  return {
    async generate(prompt, count, onToken) {
      kept = [];
      const cache = decoder.createCache({ policy });
      let ids = prompt;
      for (let done = 0; done < count; done++) {
        const [result] = await decoder.step([{ cache, input: { ids } }]);
        const token = indexOfLargest(result!.logits);
        onToken(token);
        if (keepLogits) kept.push(result!.logits);
        ids = [token];
      }
    },
    logits: async () => kept,
  };
}

function indexOfLargest(numbers: Float32Array): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
  return best;
}
