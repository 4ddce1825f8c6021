import {
  followInstructions,
  formatSpoken,
  type InstructionContender,
  type InstructionPrompt,
  instructionFrame,
  type KindRow,
  LineStore,
  ModelPerProbe,
  type SpokenResult,
  summariseSpoken,
} from '@namm/benchmarks';
import { mobyDick } from '@namm/benchmarks/texts';
import type { ProgressListener } from '@namm/core';
import { Decoder, loadTokenizer, type WeightDtype } from '@namm/decoder';
import { createPolicy, type ProtectedSpan } from '@namm/kv-cache';
import { taughtNameFor } from '@namm/models';
import { protectedSpans } from '@namm/serve';
import { taught } from '@namm/teach';
import { MeasurementError } from '../measuring/measurement-error.js';

export interface InstructionsRequest {
  readonly model: string;
  /** Policies, each as `NAME` or `NAME:RULE`. */
  readonly policies: readonly string[];
  /** Tokens of a prompt; 0 for one of instructions alone. */
  readonly length: number;
  readonly instructions: number;
  readonly prompts: number;
  /** Of a prompt's tokens, what each head may keep. */
  readonly share: number;
  readonly seed: number;
  readonly threads: number;
  readonly dtype?: WeightDtype | undefined;
  /** Results, a file that a stopped run goes on from. */
  readonly out: string;
}

/** What is protected of a prompt whose heads may keep so many rows. */
const rules: Readonly<
  Record<string, (prompt: InstructionPrompt, rows: number) => readonly ProtectedSpan[]>
> = {
  free: () => [],
  /** What the server and the chat do. */
  rule: ({ systemTokens, spans }, rows) =>
    protectedSpans(
      systemTokens,
      rows,
      spans.slice(1).map(({ start }) => start),
    ),
  /** A share of each instruction, as large as of the whole prompt. */
  shares: ({ spans }) => [
    { start: 0, end: 4 },
    ...spans.map((one) => ({ ...one, keep: 'share' as const })),
  ],
  /** A share of all instructions together. */
  system: ({ systemTokens }) => [
    { start: 0, end: 4 },
    { start: 4, end: systemTokens, keep: 'share' },
  ],
};

export const instructionRules: readonly string[] = Object.keys(rules);

/**
 * How many instructions of a prompt a model follows under policies, with and without protected spans.
 *
 * @returns the table, and how often the full cache follows each kind
 * @throws {MeasurementError} for a rule that there is not, or a taught scorer that there is not
 */
export async function measureInstructions(
  request: InstructionsRequest,
  onProgress: ProgressListener,
): Promise<{ readonly table: string; readonly kinds: readonly KindRow[] }> {
  const {
    model: path,
    policies,
    share,
    prompts,
    instructions,
    seed,
    threads,
    dtype,
    out,
  } = request;
  const tokenizer = await loadTokenizer(path);
  const models = new ModelPerProbe((probe) =>
    Decoder.load(path, { threads, probe, chunkSize: 128, ...(dtype && { dtype }) }),
  );
  const store = await LineStore.open<SpokenResult>(out);
  try {
    const { weights } = (await models.of({ kind: 'none' })).cacheShape;
    const contenders = policies.map((text): InstructionContender => {
      const [name = '', rule = 'free'] = text.split(':');
      const protect = Object.hasOwn(rules, rule) ? rules[rule]! : null;
      if (protect === null) {
        throw new MeasurementError(`'${rule}' is none of ${instructionRules.join(', ')}`);
      }
      const checkpoint = name === 'taught' ? taughtNameFor(weights) : null;
      if (name === 'taught' && checkpoint === null) {
        throw new MeasurementError('there is no taught scorer of ours for this model');
      }
      const rowsOf = (length: number) => Math.round(share * length);
      return {
        name: text,
        budget: `${Math.round(100 * share)}%`,
        policy: (length) => {
          const budget = rowsOf(length);
          return checkpoint ? taught({ checkpoint, budget }) : createPolicy(name, { budget });
        },
        spans: (prompt) => protect(prompt, rowsOf(prompt.requests[0]!.context.length)),
      };
    });
    const filler = mobyDick();
    const { answers, kinds } = await followInstructions({
      ...{ model: models, tokenizer, frame: instructionFrame(tokenizer), filler, contenders },
      ...{ length: request.length, instructions, prompts, seed, store, onProgress },
    });
    return { table: formatSpoken(summariseSpoken(answers)), kinds };
  } finally {
    await store.close();
    await models.release();
  }
}
