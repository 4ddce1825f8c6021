import type { AnswerTally, PlantedPrompt } from '@namm/benchmarks';
import { counted } from '@namm/core';
import { completeText, Decoder, type DecoderOptions, loadTokenizer } from '@namm/decoder';
import {
  createPolicy,
  type EvictionPolicy,
  type KVCache,
  type Probe,
  policyNames,
} from '@namm/kv-cache';
import { modelFolder, nammCheckpoints } from '@namm/models';
import { loadNamm } from '@namm/namm';
import { taught } from '@namm/teach';
import { isOwnPolicy, loadOwnPolicy } from '../own-policy.js';
import { ProgressLine } from '../progress-line.js';
import { terminalWidth } from '../terminal-width.js';

/** No answer is longer, in tokens. */
const longestAnswer = 40;

/** Variants of others, and what needs the model once more. */
const leftOut = [
  ...['full', 'every-kth', 'observed-attention', 'ada-l2'],
  ...['expected-attention', 'tri-attention', 'compactor'],
];

/** What {@link runDemo} compares when nothing is said. */
export const demoPolicies: readonly string[] = [
  ...['full', 'namm', 'taught'],
  ...policyNames.filter((name) => !leftOut.includes(name)),
];

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Passages to read. */
  readonly prompts: number;
  /** Of planted facts and random eviction. */
  readonly seed: number;
  /** By name, or `FILE.js#NAME`; the first is streamed when no other evicts. */
  readonly policies: readonly string[];
  readonly threads?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * How far beyond its training length the model is run, and with which NTK alpha: a length at which the full cache has
 * begun to fail, and where the bundled NAMM was evolved. A factor on the logits would help the full cache (see the
 * model's card).
 */
const extension = { factor: 6, alpha: 2 };

/** Reads long texts with every policy at a quarter of the full cache, and prints who still knows. */
export async function runDemo(options: DemoOptions): Promise<void> {
  // What the demonstration alone needs is loaded here; every program of the house loads this module.
  const { askPolicies, formatTallies, plantedPrompts } = await import('@namm/benchmarks');
  const { mobyDick } = await import('@namm/benchmarks/texts');
  const { streamAnswer } = await import('./stream-answer.js');
  const folder = modelFolder('nano-llama');
  const tokenizer = await loadTokenizer(folder);
  const plain = await Decoder.load(folder);
  const trainedLength = plain.spec.maximumPositions;
  await plain.release();
  const length = extension.factor * trainedLength;
  const prompts = plantedPrompts(mobyDick(), tokenizer, {
    ...{ count: options.prompts, length, seed: options.seed },
  });
  const budget = Math.floor(length / 4);
  introduce(prompts, trainedLength, length, budget, options.seed);

  const decoderOptions: DecoderOptions = {
    ropeScaling: extension,
    maximumPositions: length + longestAnswer, // a wrong answer may run on past the passage
    ...(options.threads ? { threads: options.threads } : {}),
  };
  const policies = await Promise.all(
    options.policies.map((name) => {
      if (isOwnPolicy(name)) return loadOwnPolicy(name, { budget });
      if (name === 'taught') return taught({ checkpoint: 'nano-llama', budget });
      if (name !== 'namm') return createPolicy(name, { budget, seed: options.seed });
      return loadNamm({ checkpoint: nammCheckpoints('nano-llama')[0]! });
    }),
  );
  const { signal } = options;
  const load = (probe: Probe) => Decoder.load(folder, { ...decoderOptions, probe });
  const complete = (decoder: Decoder) => (cache: KVCache, text: string, stop: readonly string[]) =>
    completeText(decoder, tokenizer, cache, text, {
      ...{ maxNewTokens: longestAnswer, stop, addSpecialTokens: false, signal },
    });
  const tallies: AnswerTally[] = [];
  const line = new ProgressLine('passages');
  try {
    await askPolicies({
      ...{ prompts, policies, tokenizer, load, complete, signal },
      onProgress: (event) => line.update(event, event.stage),
      onTally: (tally, asked) => {
        tallies.push(tally);
        line.clear();
        const seconds = asked.reduce((sum, one) => sum + one.seconds, 0);
        const { policy, right, questions } = tally;
        console.error(`${policy}: ${right} of ${questions} right, ${seconds.toFixed(1)} s`);
      },
    });
  } finally {
    line.clear();
    const done = policies.flatMap(
      ({ name }) => tallies.find(({ policy }) => policy === name) ?? [],
    );
    const layout = { passages: prompts.length, width: terminalWidth() };
    if (done.length > 0) console.log(`\n${formatTallies(done, layout)}`);
  }
  const right = ({ name }: EvictionPolicy) => tallies.find(({ policy }) => policy === name)!.right;
  const evicting = policies.filter(({ name }) => name !== 'full');
  const [best = policies[0]!] = evicting.sort((a, b) => right(b) - right(a));
  const decoder = await load(best.probe);
  await streamAnswer(decoder, prompts[0]!, {
    ...{ policy: best, tokenizer, complete: complete(decoder), signal },
  });
  await decoder.release();
}

function introduce(
  prompts: readonly PlantedPrompt[],
  trainedLength: number,
  length: number,
  budget: number,
  seed: number,
): void {
  const questions = prompts.reduce((sum, prompt) => sum + prompt.questions.length, 0);
  console.log(
    `${counted(prompts.length, 'passage')} of Moby-Dick, ${length} tokens each with their questions: ${extension.factor} times what the bundled model was trained for (${trainedLength}).`,
  );
  console.log(
    `Made-up facts are planted in them at places drawn from seed ${seed}; ${counted(questions, 'question')} ask${questions === 1 ? 's' : ''} for the facts.`,
  );
  console.log('(The model has seen Moby-Dick in training, but none of these facts.)');
  console.log(
    `"full" keeps everything, "namm" whatever its network chooses, all others ${budget} tokens per head: a quarter of the text.\n`,
  );
}
