import { readFile } from 'node:fs/promises';
import { loadTokenizer } from '@namm/decoder';
import { type BudgetInput, rowBytes } from '@namm/kv-cache';
import { Engine } from '@namm/serve';
import { MeasurementError } from '../measuring/measurement-error.js';
import { GreedyWriter } from './greedy-writer.js';

export interface DocumentRequest {
  readonly folder: string;
  /** A text file, from its beginning. */
  readonly text: string;
  /** Tokens of it. */
  readonly tokens: number;
  readonly questions: number;
  /** Of these, so many are read afresh too, by engines that know nothing. */
  readonly fresh: number;
  readonly policy: string;
  readonly budget: BudgetInput;
  readonly threads: number;
}

export interface DocumentResult {
  readonly documentTokens: number;
  /** Tokens of all prompts, and those that were read. */
  readonly promptTokens: number;
  readonly readTokens: number;
  /** Milliseconds to the first token: of the first question, and medians of the others and of fresh readings. */
  readonly firstToken: { readonly first: number; readonly later: number; readonly fresh: number };
  /** Answers that equal those of a fresh reading. */
  readonly equal: number;
  readonly compared: number;
  /** Bytes: the document alone, the rows of all tokens behind it, and all caches in the end. */
  readonly documentBytes: number;
  readonly tailBytes: number;
  readonly cacheBytes: number;
  /** All caches without those rows, over the document. */
  readonly overDocument: number;
}

/** Tokens of an answer. */
const written = 12;

/**
 * Asks one document many questions, and some of them again of a fresh reading.
 *
 * @throws {MeasurementError} when the text is too short
 */
export async function measureDocument(
  request: DocumentRequest,
  onProgress: (text: string) => void,
): Promise<DocumentResult> {
  const { folder, text, tokens, questions, fresh, threads } = request;
  const tokenizer = await loadTokenizer(folder);
  const document = tokenizer.encode((await readFile(text, 'utf8')).slice(0, 8 * tokens));
  if (document.length < tokens)
    throw new MeasurementError(`${text} has fewer than ${tokens} tokens`);
  const promptOf = (question: number) => {
    const asked = `\n\nQuestion ${question}: what is said of the ${subjects[question % subjects.length]}?\nAnswer:`;
    return Int32Array.from([
      ...document.slice(0, tokens),
      ...tokenizer.encode(asked, { addSpecialTokens: false }),
    ]);
  };
  const load = () =>
    Engine.load(folder, {
      ...{ memoryLimit: 8e9, folder: null, maxActive: 1, maxQueue: questions },
      ...{ policyModule: import.meta.resolve('@namm/kv-cache'), decoder: { threads } },
    });
  const ask = async (engine: Engine, question: number) => {
    const policy = await engine.choosePolicy(request.policy, request.budget);
    const writer = new GreedyWriter(written);
    const start = performance.now();
    let first = 0;
    await engine.run({
      ...{ ids: promptOf(question), policy, keepAt: [tokens], maxNewTokens: written },
      writers: [
        {
          next(logits) {
            first ||= performance.now() - start;
            return writer.next(logits);
          },
        },
      ],
    });
    return { ids: writer.ids.join(), first };
  };
  const engine = await load();
  const first = await ask(engine, 0);
  const answers = [first];
  const prefix = engine.conversations().find(({ kind }) => kind === 'prefix');
  for (let question = 1; question < questions; question++) {
    onProgress(`question ${question} of ${questions}`);
    answers.push(await ask(engine, question));
  }
  const { promptTokens, reusedTokens } = engine.figures;
  const cacheBytes = await engine.cacheBytes();
  const shape = { ...engine.model.cacheShape, positions: 'compact' } as const;
  const perToken = shape.layers.reduce(
    (sum, layer) => sum + layer.keyValueHeads * rowBytes(shape, layer),
    0,
  );
  const tailBytes = engine
    .conversations()
    .filter(({ kind }) => kind === 'conversation')
    .reduce((sum, { ids }) => sum + (ids.length - (prefix?.ids.length ?? 0)) * perToken, 0);
  await engine.close(0);
  const again: Awaited<ReturnType<typeof ask>>[] = [];
  for (let question = 1; question <= fresh; question++) {
    onProgress(`fresh reading ${question} of ${fresh}`);
    const other = await load();
    again.push(await ask(other, question));
    await other.close(0);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
  return {
    ...{ documentTokens: tokens, promptTokens, readTokens: promptTokens - reusedTokens },
    firstToken: {
      first: first.first,
      later: median(answers.slice(1).map((answer) => answer.first)),
      fresh: median(again.map((answer) => answer.first)),
    },
    equal: again.filter(({ ids }, i) => ids === answers[i + 1]?.ids).length,
    ...{ compared: fresh, documentBytes: prefix?.bytes ?? NaN, tailBytes, cacheBytes },
    overDocument: (cacheBytes - tailBytes) / (prefix?.bytes ?? NaN),
  };
}

const subjects = ['ship', 'sea', 'captain', 'whale', 'island', 'harbour', 'crew', 'weather'];
