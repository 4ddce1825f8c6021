import type { Engine } from '../engine/engine.js';
import type { Histogram } from '../engine/histogram.js';

/** What the engine counts, in the text form of Prometheus. */
export async function metrics(engine: Engine): Promise<string> {
  const { figures, load, memoryLimit } = engine;
  const stored = engine.conversations();
  const lines: string[] = [];
  const add = (type: 'counter' | 'gauge', name: string, help: string, value: number) => {
    lines.push(
      `# HELP namm_${name} ${help}`,
      `# TYPE namm_${name} ${type}`,
      `namm_${name} ${value}`,
    );
  };
  const spread = (name: string, help: string, { bounds, counts, sum, count }: Histogram) => {
    lines.push(`# HELP namm_${name} ${help}`, `# TYPE namm_${name} histogram`);
    for (const [i, bound] of [...bounds, '+Inf'].entries()) {
      lines.push(`namm_${name}_bucket{le="${bound}"} ${counts[i]}`);
    }
    lines.push(`namm_${name}_sum ${sum}`, `namm_${name}_count ${count}`);
  };
  add('counter', 'requests_total', 'Requests that were begun', figures.requests);
  add('counter', 'failures_total', 'Requests that did not end well', figures.failures);
  add('counter', 'prompt_tokens_total', 'Tokens of prompts', figures.promptTokens);
  add('counter', 'reused_tokens_total', 'Of these, had been read before', figures.reusedTokens);
  add('counter', 'prefix_hits_total', 'Requests that began behind these', figures.prefixHits);
  add('counter', 'written_tokens_total', 'Tokens that were written', figures.writtenTokens);
  add('counter', 'evicted_rows_total', 'Rows that policies dropped', figures.evictedRows);
  add('counter', 'spills_total', 'Conversations that left memory for others', figures.spills);
  add('gauge', 'requests_active', 'Requests that are answered now', load.active);
  add('gauge', 'requests_waiting', 'Requests that wait', load.waiting);
  add('gauge', 'cache_bytes', 'Bytes of all caches, with unused ends', await engine.cacheBytes());
  add('gauge', 'cache_bytes_limit', 'Bytes that they may take', memoryLimit);
  add('gauge', 'resident_bytes', 'Memory of the process', process.memoryUsage.rss());
  add('gauge', 'conversations', 'Sequences that can be gone on from', stored.length);
  const onDisk = stored.filter(({ file }) => file !== null).length;
  add('gauge', 'conversations_saved', 'Of these, are on the disk', onDisk);
  spread('queue_seconds', 'How long requests waited', figures.queueSeconds);
  spread('first_token_seconds', 'Until the first token was written', figures.firstTokenSeconds);
  spread('step_seconds', 'How long the model computed at once', figures.stepSeconds);
  spread('request_seconds', 'How long requests took', figures.requestSeconds);
  return `${lines.join('\n')}\n`;
}
