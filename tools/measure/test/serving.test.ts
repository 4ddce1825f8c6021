import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@namm/models';
import { inFolder, runCommands } from '@namm/testing';
import { expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

it('measures many conversations, many clients and a long chat, in short', async () => {
  const [conversations, clients, chat, wrong] = await runCommands(cli, [
    ['serving', 'conversations', '--conversations', '6', '--room', '3', '--tokens', '300'],
    ['serving', 'clients', '--clients', '4', '--seconds', '4', '--warm-up', '20'],
    ['serving', 'long-chat', '--facts', '2', '--times', '2'],
    ['serving', 'document', '--model', 'x.gguf', '--text', 'nowhere'],
  ]);
  const { equal, answers, mixedUp, mostCacheBytes, limit, spills } = JSON.parse(
    conversations!.stdout,
  );
  expect([equal, answers, mixedUp]).toEqual([12, 12, 0]);
  expect(mostCacheBytes).toBeLessThanOrEqual(limit);
  expect(spills).toBeGreaterThan(0);

  const { ends, delay, tokens, mostConversations } = JSON.parse(clients!.stdout);
  expect(mostConversations).toBeGreaterThanOrEqual(20);
  expect(Object.keys(ends).filter((end) => !['200', '429', 'left'].includes(end))).toEqual([]);
  expect(tokens).toBeGreaterThan(0);
  expect(delay.p99).toBeGreaterThanOrEqual(delay.p50);

  const { facts, rows, full } = JSON.parse(chat!.stdout);
  expect(facts).toBe(2);
  expect(rows.map(({ seen }: { seen: number }) => seen)).toEqual([64, 128, 256]);
  for (const { held, isProtected, free } of rows) {
    expect(held).toBeLessThan(80 + 16); // the policy chooses every 16 tokens
    expect(isProtected).toBeGreaterThanOrEqual(free);
  }
  expect([full.seen, full.problem]).toEqual([128, expect.stringContaining('129 positions')]);
  expect([wrong!.status, wrong!.stderr]).toEqual([2, expect.stringContaining('x.gguf')]);
}, 600_000);

it(
  'measures our side where node-llama-cpp is not installed, and a document, in short',
  () =>
    inFolder(async (folder) => {
      const text = join(folder, 'text.txt');
      await writeFile(text, 'The whale came up and the ship went down. '.repeat(20));
      const about = ['--model', modelFolder('nano-llama'), '--text', text, '--tokens', '64'];
      const sizes = ['--conversations', '3', '--clients', '2', '--written', '3', '--budget', '32'];
      const [beside, document] = await runCommands(cli, [
        ['serving', 'beside', ...about, ...sizes, '--node-llama-cpp', join(folder, 'nowhere')],
        ['serving', 'document', ...about, '--questions', '3', '--fresh', '1', '--budget', '32'],
      ]);
      const { ours, nodeLlamaCpp, missing } = JSON.parse(beside!.stdout);
      expect(ours.tokensPerCpuSecond).toBeGreaterThan(0);
      expect([nodeLlamaCpp, missing]).toEqual([null, expect.stringContaining('npm install')]);
      const { equal, compared, readTokens, promptTokens } = JSON.parse(document!.stdout);
      expect([equal, compared]).toEqual([1, 1]);
      expect(readTokens).toBeLessThan(promptTokens);
    }),
  600_000,
);
