import { Decoder } from '@namm/decoder';
import { full, sinkRecent } from '@namm/kv-cache';
import type { Runtime } from './runtime.js';

/** Our decoder on one thread, with the full cache or with a policy that holds `budget` tokens per head. */
export async function ourRuntime(folder: string, budget: number | null): Promise<Runtime> {
  const policy = budget === null ? full() : sinkRecent({ budget });
  const decoder = await Decoder.load(folder, { threads: 1, probe: policy.probe });
  return {
    async generate(prompt, count, onToken) {
      const cache = decoder.createCache({ policy });
      let ids = prompt;
      for (let done = 0; done < count; done++) {
        const [result] = await decoder.step([{ cache, input: { ids } }]);
        const token = indexOfLargest(result!.logits);
        onToken(token, result!.logits);
        ids = [token];
      }
    },
  };
}

function indexOfLargest(numbers: Float32Array): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
  return best;
}
