import { choosePolicy, type PolicyChoice } from '@namm/cli';
import { Decoder, type WeightDtype } from '@namm/decoder';
import type { CacheDtype } from '@namm/kv-cache';
import type { Runtime, RuntimeOptions } from './runtime.js';
import { timedPolicy } from './timed-policy.js';

/** What is special about one of our contenders. */
interface OurOptions {
  readonly policy: PolicyChoice;
  readonly dtype: WeightDtype;
  readonly cacheDtype: CacheDtype;
}

/** Our decoder. */
export async function ourRuntime(
  { model, threads, keepLogits }: RuntimeOptions,
  { policy: choice, ...types }: OurOptions,
): Promise<Runtime> {
  const { policy, seconds } = timedPolicy(await choosePolicy(choice));
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
    policySeconds: seconds,
  };
}

function indexOfLargest(numbers: Float32Array): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
  return best;
}
