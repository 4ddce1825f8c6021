import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer } from '@namm/decoder';
import type { BudgetInput } from '@namm/kv-cache';
import { Engine } from '@namm/serve';
import { MeasurementError } from '../measuring/measurement-error.js';
import { startStopwatch } from '../measuring/stopwatch.js';
import { loadNodeLlamaCpp } from '../speed/node-llama-cpp.js';
import { GreedyWriter } from './greedy-writer.js';

export interface SideRequest {
  readonly side: 'ours' | 'node-llama-cpp';
  /** GGUF file; a folder will do for ours. */
  readonly model: string;
  readonly text: string;
  /** Tokens of the document. */
  readonly tokens: number;
  /** That ask it. */
  readonly conversations: number;
  /** Conversations that go on at the same time. */
  readonly clients: number;
  /** Tokens of an answer. */
  readonly written: number;
  readonly policy: string;
  readonly budget: BudgetInput;
  readonly threads: number;
}

export interface SideResult {
  /** Bytes of the process over those it had with the model loaded, when all conversations have their first answer. */
  readonly memoryBytes: number;
  readonly residentBytes: number;
  /** What clients are answered at the same time, their questions included in the time. */
  readonly tokensPerCpuSecond: number;
  readonly tokensPerSecond: number;
}

/** What both sides can do. */
interface Side {
  /** Asks a question behind the document, or behind the last answer of this conversation. */
  ask(conversation: number, question: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** Measures one side in this process. */
export async function measureSide(
  request: SideRequest & { readonly installation: string },
): Promise<SideResult> {
  const { model, text, tokens, conversations, clients, written } = request;
  const tokenizer = await loadTokenizer(model);
  const document = tokenizer.encode(await readFile(text, 'utf8')).slice(0, tokens);
  if (document.length < tokens) {
    throw new MeasurementError(`${text} has fewer than ${tokens} tokens`);
  }
  const question = (conversation: number, turn: number) =>
    tokenizer.encode(`\n\nQuestion ${conversation}, ${turn}: and what came then?\nAnswer:`, {
      addSpecialTokens: false,
    });
  const open = request.side === 'ours' ? openOurs : openNodeLlamaCpp;
  const { side, idle } = await open(request, document, question(0, 1).length + written + 8);
  try {
    for (let i = 0; i < conversations; i++) await side.ask(i, question(i, 1));
    const residentBytes = process.memoryUsage.rss();
    const elapsed = startStopwatch();
    await Promise.all(
      Array.from({ length: clients }, (_, i) => side.ask(i % conversations, question(i, 2))),
    );
    const { wall, cpu } = elapsed();
    return {
      ...{ memoryBytes: residentBytes - idle, residentBytes },
      ...{
        tokensPerCpuSecond: (clients * written) / cpu,
        tokensPerSecond: (clients * written) / wall,
      },
    };
  } finally {
    await side.close();
  }
}

type Open = (
  request: SideRequest & { readonly installation: string },
  document: readonly number[],
  turn: number,
) => Promise<{ readonly side: Side; readonly idle: number }>;

const openOurs: Open = async (request, document) => {
  const { conversations, clients, written, threads } = request;
  const engine = await Engine.load(request.model, {
    ...{ memoryLimit: 16e9, folder: null, maxActive: clients, maxQueue: conversations },
    ...{ policyModule: import.meta.resolve('@namm/kv-cache'), decoder: { threads } },
  });
  const idle = process.memoryUsage.rss();
  const budget = request.policy === 'full' ? null : request.budget;
  const policy = await engine.choosePolicy(request.policy, budget);
  const said: number[][] = [];
  const side: Side = {
    async ask(conversation, question) {
      const ids = [...(said[conversation] ?? document), ...question];
      const writer = new GreedyWriter(written);
      await engine.run({
        ...{ ids: Int32Array.from(ids), policy, keepAt: [document.length] },
        ...{ maxNewTokens: written, writers: [writer] },
      });
      said[conversation] = [...ids, ...writer.ids];
    },
    close: () => engine.close(0),
  };
  return { side, idle };
};

/**
 * A sequence of one context for each conversation, as a server would have them, each with what it has read before. The
 * document is read once and given to the other sequences as a saved state, which costs them no time.
 */
const openNodeLlamaCpp: Open = async (request, document, turn) => {
  const { conversations, written, threads, tokens } = request;
  const { getLlama } = await loadNodeLlamaCpp(request.installation);
  const llama = await getLlama({
    ...{ gpu: false, build: 'never', skipDownload: true, progressLogs: false, logLevel: 'error' },
    maxThreads: threads,
  });
  const model = await llama.loadModel({ modelPath: request.model });
  const idle = process.memoryUsage.rss();
  const context = await model.createContext({
    ...{ contextSize: tokens + 2 * turn, sequences: conversations, threads },
  });
  const sequences = Array.from({ length: conversations }, () => context.getSequence());
  const folder = await mkdtemp(join(tmpdir(), 'namm-beside-'));
  try {
    const state = join(folder, 'document');
    await sequences[0]!.evaluateWithoutGeneratingNewTokens(document);
    await sequences[0]!.saveStateToFile(state);
    for (const sequence of sequences.slice(1)) {
      await sequence.loadStateFromFile(state, { acceptRisk: true });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const side: Side = {
    async ask(conversation, question) {
      const greedy = { temperature: 0, yieldEogToken: true } as const;
      let done = 0;
      for await (const _ of sequences[conversation]!.evaluate(question, greedy)) {
        if (++done === written) break;
      }
    },
    close: () => llama.dispose(),
  };
  return { side, idle };
};
