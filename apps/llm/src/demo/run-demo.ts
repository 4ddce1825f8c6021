import { StatusLine } from '@namm/cli';
import { Decoder, type DecoderOptions, loadTokenizer, type Tokenizer } from '@namm/decoder';
import { createPolicy, type EvictionPolicy } from '@namm/kv-cache';
import { modelFolder, nammCheckpoints } from '@namm/models';
import { loadNamm } from '@namm/namm';
import { textTable } from '@namm/report';
import { type Asked, ask, longestAnswer } from './ask.js';
import { type PlantedPrompt, plantedPrompts } from './planted-prompts.js';
import { streamAnswer } from './stream-answer.js';
import { type Tally, tally } from './tally.js';

export interface DemoOptions {
  readonly prompts: number;
  readonly seed: number;
  readonly policies: readonly string[];
  readonly threads?: number;
}

/**
 * How far beyond its training length the model is run, and with which NTK alpha: a length at which the full cache has
 * begun to fail, and where the bundled NAMM was evolved. A factor on the logits would help the full cache (see the
 * model's card).
 */
const extension = { factor: 6, alpha: 2 };

/** Reads long texts with every policy at a quarter of the full cache, and prints who still knows. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const folder = modelFolder('nano-llama');
  const tokenizer = await loadTokenizer(folder);
  const plain = await Decoder.load(folder);
  const trainedLength = plain.spec.maximumPositions;
  await plain.release();
  const length = extension.factor * trainedLength;
  const prompts = plantedPrompts(tokenizer, { ...options, count: options.prompts, length });
  const budget = Math.floor(length / 4);
  introduce(prompts, trainedLength, length, budget, options.seed);

  const decoderOptions: DecoderOptions = {
    ropeScaling: extension,
    maximumPositions: length + longestAnswer, // a wrong answer may run on past the passage
    ...(options.threads ? { threads: options.threads } : {}),
  };
  const policies = await Promise.all(
    options.policies.map((name) =>
      name === 'namm'
        ? loadNamm({ checkpoint: nammCheckpoints('nano-llama')[0]! })
        : createPolicy(name, { budget, seed: options.seed }),
    ),
  );
  const tallies = new Map<string, Tally>();
  // A graph computes one kind of probe, so policies that share one share a decoder.
  for (const group of groupByProbe(policies)) {
    const decoder = await Decoder.load(folder, { ...decoderOptions, probe: group[0]!.probe });
    for (const policy of group) {
      tallies.set(policy.name, await askAll(decoder, tokenizer, policy, prompts));
    }
    await decoder.release();
  }
  printTable(policies.map(({ name }) => tallies.get(name)!));
  const right = ({ name }: EvictionPolicy) => tallies.get(name)!.right;
  const evicting = policies.filter(({ name }) => name !== 'full');
  const [best = policies[0]!] = evicting.sort((a, b) => right(b) - right(a));
  await streamAnswer(folder, tokenizer, decoderOptions, prompts[0]!, best);
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
    `${prompts.length} passages of Moby-Dick, ${length} tokens each with their questions: ${extension.factor} times what the bundled model was trained for (${trainedLength}).`,
  );
  console.log(
    `Made-up facts are planted in them at places drawn from seed ${seed}; ${questions} questions ask for the facts.`,
  );
  console.log('(The model has seen Moby-Dick in training, but none of these facts.)');
  console.log(
    `"full" keeps everything, "namm" what its network likes; all others ${budget} tokens per head, a quarter of the text.\n`,
  );
}

async function askAll(
  decoder: Decoder,
  tokenizer: Tokenizer,
  policy: EvictionPolicy,
  prompts: readonly PlantedPrompt[],
): Promise<Tally> {
  const status = new StatusLine();
  const asked: Asked[] = [];
  for (const [i, prompt] of prompts.entries()) {
    status.show(`${policy.name}: passage ${i + 1} of ${prompts.length}`);
    asked.push(await ask(decoder, tokenizer, policy, prompt));
  }
  const result = tally(policy.name, asked);
  const seconds = asked.reduce((sum, one) => sum + one.seconds, 0);
  status.finish(
    `${policy.name}: ${result.right} of ${result.questions} right, ${seconds.toFixed(1)} s`,
  );
  return result;
}

function groupByProbe(policies: readonly EvictionPolicy[]): EvictionPolicy[][] {
  const groups = new Map<string, EvictionPolicy[]>();
  for (const policy of policies) {
    const key = JSON.stringify(policy.probe);
    groups.set(key, [...(groups.get(key) ?? []), policy]);
  }
  return [...groups.values()];
}

function printTable(tallies: readonly Tally[]): void {
  const header = ['policy', 'right', '95 %', 'tokens kept', 'cache MB', 'tokens/s'];
  const percent = (share: number) => `${Math.round(100 * share)}`;
  const rows = tallies.map((line) => [
    line.policy,
    `${line.right}/${line.questions}`,
    `${line.interval.map(percent).join('-')} %`,
    `${Math.round(line.kept)} of ${Math.round(line.seen)}`,
    (line.bytes / 1e6).toFixed(2),
    String(Math.round(line.tokensPerSecond)),
  ]);
  console.log(`\n${textTable(header, rows, { style: 'plain' })}`);
  console.log(
    '\nTokens kept: per head, mean, when the questions are asked. Cache: keys, values, positions and policy state then.',
  );
}
