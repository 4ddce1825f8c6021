import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@namm/core';
import { MeasurementError } from '../measuring/measurement-error.js';
import type { ServedFigures, ServedRequest } from './server-process.js';

export interface ClientsRequest {
  readonly folder: string;
  readonly clients: number;
  readonly seconds: number;
  readonly threads: number;
  /** Milliseconds that a client waits between two requests. */
  readonly pause: number;
  /** Short requests before the time begins, so that what fills once is full. */
  readonly warmUp: number;
}

export interface ClientsResult extends Pick<ServedFigures, 'delay'> {
  /** How requests ended: by status, `left` for those that a client left on purpose, or the error. */
  readonly ends: Readonly<Record<string, number>>;
  readonly tokens: number;
  /** Bytes of the process, medians of the fifths of the time. */
  readonly resident: readonly number[];
  /** Bytes of JavaScript objects in the thread that serves, likewise. */
  readonly heap: readonly number[];
  /** Open files and sockets, likewise. */
  readonly handles: readonly number[];
  /** Bytes of all caches at most, and their limit. */
  readonly mostCacheBytes: number;
  readonly limit: number;
  /** Conversations that the server knew at most, on the disk too. */
  readonly mostConversations: number;
}

/** Name of the hidden command that a child process runs. */
export const serverCommandName = 'serving-process';

const memoryLimit = 16e6;

/** Milliseconds after which a client asks again, whatever became of its answer; and how such an end is told. */
const [longestAnswer, leftForGood] = [120_000, 'no end within two minutes'];

/**
 * Sends requests of many kinds from many clients to a server in another process: short and long, streamed and not, with
 * and without budgets, first and second turns, some of which the client leaves.
 *
 * @throws {MeasurementError} when the server cannot be started, or ends
 */
export async function measureClients(
  request: ClientsRequest,
  onProgress: (text: string) => void,
): Promise<ClientsResult> {
  const { folder, clients, seconds, threads, pause, warmUp } = request;
  const conversations = await mkdtemp(join(tmpdir(), 'namm-clients-'));
  const served: ServedRequest = {
    ...{ folder, conversations, memoryLimit, threads, maxActive: 8, maxQueue: clients },
  };
  const args = [process.argv[1]!, serverCommandName, JSON.stringify(served)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const url = (await lines.next()).value;
    if (url === undefined) throw new MeasurementError('the server has not started');
    let warmed = 0;
    const warm = async () => {
      for (let number = warmed++; number < warmUp; number = warmed++) {
        onProgress(`request ${number} of ${warmUp} before the time begins`);
        const body = { prompt: `Call number ${number}.`, max_tokens: 2, kv_budget: 32 };
        const answer = await post(url, body);
        await answer.text();
      }
    };
    await Promise.all(Array.from({ length: 8 }, warm));
    child.stdin.end(); // from now on it notes
    const end = performance.now() + seconds * 1000;
    const ends: Record<string, number> = {};
    let [tokens, mostCacheBytes, mostConversations] = [0, 0, 0];
    const talk = async (client: number) => {
      const random = new Random(1, client);
      let said = '';
      while (performance.now() < end) {
        // The client that Node has sometimes never comes back from an answer that it was told to leave.
        const lost = { end: leftForGood, tokens: 0, said: '' };
        const tooLong = new AbortController();
        const outcome = await Promise.race([
          ask(url, random, said),
          sleep(longestAnswer, lost, tooLong),
        ]);
        tooLong.abort();
        ends[outcome.end] = (ends[outcome.end] ?? 0) + 1;
        tokens += outcome.tokens;
        said = random.integer(3) === 0 ? '' : outcome.said;
        if (outcome.end === '429') await sleep(1000);
        await sleep(pause);
      }
    };
    const watch = async () => {
      while (performance.now() < end) {
        const text = await (await fetch(`${url}/metrics`)).text();
        const figure = (name: string) =>
          Number(new RegExp(`^namm_${name} (\\d+)`, 'm').exec(text)?.[1]);
        mostCacheBytes = Math.max(mostCacheBytes, figure('cache_bytes'));
        mostConversations = Math.max(mostConversations, figure('conversations'));
        onProgress(
          `${JSON.stringify(ends)}, ${Math.ceil((end - performance.now()) / 1000)} s left`,
        );
        await sleep(500);
      }
    };
    await Promise.all([watch(), ...Array.from({ length: clients }, (_, i) => talk(i))]);
    child.kill('SIGTERM');
    const told = (await lines.next()).value;
    if (told === undefined) throw new MeasurementError('the server has ended before its time');
    const { delay, handles, resident, heap } = JSON.parse(told) as ServedFigures;
    return {
      ...{ delay, ends, tokens, mostCacheBytes, limit: memoryLimit, mostConversations },
      resident: fifths(resident),
      heap: fifths(heap),
      handles: fifths(handles),
    };
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(conversations, { recursive: true, force: true });
  }
}

interface Outcome {
  readonly end: string;
  readonly tokens: number;
  /** The whole text so far, to go on from. */
  readonly said: string;
}

async function ask(url: string, random: Random, said: string): Promise<Outcome> {
  const fresh = `Call number ${random.integer(1e9)}. ${'It was late. '.repeat(random.integer(8))}`;
  const prompt = said.length > 300 ? fresh : said + fresh;
  const isStreamed = random.integer(2) === 0;
  const leaves = random.integer(8) === 0;
  const body = {
    ...{
      prompt,
      max_tokens: 4 + random.integer(24),
      stream: isStreamed,
      seed: random.integer(1e6),
    },
    kv_budget: 24 + random.integer(40), // under the server's own policy, whose heads keep different tokens
  };
  const abort = new AbortController();
  try {
    const answer = await post(url, body, abort.signal);
    if (answer.status !== 200) {
      await answer.text();
      return { end: String(answer.status), tokens: 0, said: '' };
    }
    if (!isStreamed) {
      const { choices, usage } = (await answer.json()) as {
        choices: { text: string }[];
        usage: { completion_tokens: number };
      };
      return { end: '200', tokens: usage.completion_tokens, said: prompt + choices[0]!.text };
    }
    let [text, tokens, isWhole] = ['', 0, false];
    const decoder = new TextDecoder();
    for await (const piece of answer.body!) {
      for (const line of decoder.decode(piece, { stream: true }).split('\n')) {
        if (line === 'data: [DONE]') isWhole = true;
        if (!line.startsWith('data: {')) continue;
        if (line.includes('"error"')) return { end: line, tokens, said: '' };
        tokens++;
        text += /"text":("(?:[^"\\]|\\.)*")/.exec(line)?.[1] ?? '';
        if (leaves && tokens > 2) abort.abort();
      }
    }
    return { end: isWhole ? '200' : 'cut off', tokens, said: prompt + text };
  } catch (error) {
    const end = abort.signal.aborted ? 'left' : (error as Error).message;
    return { end, tokens: 0, said: '' };
  }
}

function post(url: string, body: object, signal: AbortSignal | null = null): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/v1/completions`, {
    ...{ method: 'POST', body: JSON.stringify(body), headers, signal },
  });
}

function fifths(values: readonly number[]): number[] {
  return Array.from({ length: 5 }, (_, i) => {
    const part = values.slice((i * values.length) / 5, ((i + 1) * values.length) / 5);
    return part.sort((a, b) => a - b)[part.length >> 1] ?? 0;
  });
}
