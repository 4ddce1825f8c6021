import { ProgressLine, terminalWidth } from '@namm/cli';
import { Decoder, type DecoderOptions, loadTokenizer } from '@namm/decoder';
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
  const line = new ProgressLine('passages');
  try {
    // A graph computes one kind of probe, so policies that share one share a decoder.
    for (const group of groupByProbe(policies)) {
      const decoder = await Decoder.load(folder, { ...decoderOptions, probe: group[0]!.probe });
      for (const policy of group) {
        const asked: Asked[] = [];
        try {
          for (const [i, prompt] of prompts.entries()) {
            line.update({ done: i, total: prompts.length }, policy.name);
            asked.push(await ask(decoder, tokenizer, policy, prompt, options.signal));
          }
        } finally {
          if (asked.length > 0) tallies.set(policy.name, report(line, policy.name, asked));
        }
      }
      await decoder.release();
    }
  } finally {
    line.clear();
    const done = policies.flatMap(({ name }) => tallies.get(name) ?? []);
    if (done.length > 0) printTable(done, prompts.length);
  }
  const right = ({ name }: EvictionPolicy) => tallies.get(name)!.right;
  const evicting = policies.filter(({ name }) => name !== 'full');
  const [best = policies[0]!] = evicting.sort((a, b) => right(b) - right(a));
  await streamAnswer(folder, tokenizer, decoderOptions, prompts[0]!, best, options.signal);
}

function report(line: ProgressLine, name: string, asked: readonly Asked[]): Tally {
  const result = tally(name, asked);
  const seconds = asked.reduce((sum, one) => sum + one.seconds, 0);
  line.clear();
  console.error(`${name}: ${result.right} of ${result.questions} right, ${seconds.toFixed(1)} s`);
  return result;
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

function groupByProbe(policies: readonly EvictionPolicy[]): EvictionPolicy[][] {
  const groups = new Map<string, EvictionPolicy[]>();
  for (const policy of policies) {
    const key = JSON.stringify(policy.probe);
    groups.set(key, [...(groups.get(key) ?? []), policy]);
  }
  return [...groups.values()];
}

function printTable(tallies: readonly Tally[], passages: number): void {
  const header = ['policy', 'right', '95 %', 'tokens kept', 'cache MB', 'tokens/s'];
  const rows = tallies.map((line) => [
    `${line.policy}${line.passages < passages ? ` (${line.passages} passages)` : ''}`,
    `${line.right}/${line.questions}`,
    describeInterval(line.interval),
    `${Math.round(line.kept)} of ${Math.round(line.seen)}`,
    (line.bytes / 1e6).toFixed(2),
    String(Math.round(line.tokensPerSecond)),
  ]);
  console.log(`\n${textTable(header, rows, { style: 'plain', width: terminalWidth() })}`);
  const notes = [
    'Tokens kept: per head, mean, when the questions are asked. Cache: keys, values, positions and policy state then.',
    'tokens/s: read and written. 95 %: interval of the share of right answers, by bootstrap over passages.',
    ...describeMemory(tallies),
  ];
  console.log(`\n${notes.join('\n')}`);
}

/** A bootstrap over a passage or two, or over passages that all went alike, says nothing. */
function describeInterval([lower, upper]: readonly [number, number]): string {
  const percents = [lower, upper].map((share) => Math.round(100 * share));
  return percents[0] === percents[1] ? '–' : `${percents.join('-')} %`;
}

/** The rows do not have the same memory, which has to be said. */
function describeMemory(tallies: readonly Tally[]): string[] {
  const namm = tallies.find(({ policy }) => policy === 'namm');
  const classic = tallies.filter(({ policy }) => !['full', 'namm'].includes(policy));
  if (namm === undefined || classic.length === 0) return [];
  const ratios = classic.map(({ bytes }) => bytes / namm.bytes);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
  const times = least === most ? least : `${least} to ${most}`;
  return [
    `Memory is not equal: the classic policies have ${times} times the bytes of the NAMM. \`npm run nanobench\` compares at equal bytes.`,
  ];
}
