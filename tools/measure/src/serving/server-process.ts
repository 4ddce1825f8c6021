import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadTokenizer } from '@namm/decoder';
import { Engine, serve } from '@namm/serve';

export interface ServedRequest {
  readonly folder: string;
  readonly conversations: string;
  readonly memoryLimit: number;
  readonly maxActive: number;
  readonly maxQueue: number;
  readonly threads: number;
}

/** What the process tells of itself when its server has ended. */
export interface ServedFigures {
  /** Milliseconds that the event loop was late. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly handles: readonly number[];
  readonly resident: readonly number[];
  readonly heap: readonly number[];
}

/**
 * Serves in a process of its own until it is told to stop: prints the address, and in the end what it noted of itself
 * every second, from when its input was closed: neither loading nor warming up is serving.
 */
export async function serveAndWatch(request: ServedRequest): Promise<void> {
  const { folder, conversations, memoryLimit, maxActive, maxQueue, threads } = request;
  const engine = await Engine.load(folder, {
    ...{ memoryLimit, folder: conversations, maxActive, maxQueue, decoder: { threads } },
    policyModule: import.meta.resolve('@namm/kv-cache'),
  });
  const tokenizer = await loadTokenizer(folder);
  const onWarning = (text: string) => console.error(text);
  const server = await serve({ engine, tokenizer, model: 'measured', port: 0, onWarning });
  console.log(server.url);
  const stopped = new Promise((resolve) => process.once('SIGTERM', resolve));
  await Promise.race([once(process.stdin.resume(), 'end'), stopped]);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const handles: number[] = [];
  const resident: number[] = [];
  const heap: number[] = [];
  const timer = setInterval(() => {
    handles.push(readdirSync('/proc/self/fd').length);
    const { rss, heapUsed } = process.memoryUsage();
    resident.push(rss);
    heap.push(heapUsed);
  }, 1000);
  await stopped;
  clearInterval(timer);
  delay.disable();
  await server.close(5000);
  const of = (value: number) => value / 1e6 - 5; // what a tick takes anyway
  const told = { p50: of(delay.percentile(50)), p99: of(delay.percentile(99)), max: of(delay.max) };
  console.log(JSON.stringify({ delay: told, handles, resident, heap } satisfies ServedFigures));
}
