import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heldTokens } from '@namm/core';
import { readRetentionRecord } from '@namm/kv-cache';
import { modelFolder } from '@namm/models';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-llm-'));
afterAll(() => rmSync(folder, { recursive: true }));

function llm(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { status, stdout, stderr };
}

const model = modelFolder('nano-llama');
/** The bundled model was trained at 128 tokens. */
const longer = ['--ntk-factor', '4'];

describe('llm without arguments of its own', () => {
  it('asks about planted facts, prints the table and streams an answer', () => {
    const args = ['--prompts', '2', '--policies', 'full,namm,snapkv', '--threads', '1'];
    const { status, stdout, stderr } = llm(...args);
    expect(stderr).toContain('snapkv:');
    expect(status).toBe(0);
    const rows = /^(full|snapkv|namm) +\d+\/\d+ +\d+-\d+ % +\d+ of \d+ +[\d.]+ +\d+$/gm;
    expect(stdout.match(rows)).toHaveLength(3);
    const kept = (name: string) =>
      Number(stdout.match(new RegExp(`^${name} .*?(\\d+) of`, 'm'))![1]);
    expect(kept('snapkv') / kept('full')).toBeLessThan(0.3);
    expect(kept('namm') / kept('full')).toBeLessThan(0.6);
    expect(stdout).toMatch(/Planted: .+\nQ: .+ \.\.\. .+\n\(wanted: .+\)/s);
  });

  it('repeats itself for a seed', () => {
    const table = () =>
      llm('--prompts', '1', '--policies', 'random', '--seed', '5').stdout.match(
        /^random +\d+\/\d+/m,
      )![0];
    expect(table()).toBe(table());
  });
});

describe("llm with the user's own model", () => {
  it('streams an answer from a file within its budget', () => {
    const file = join(folder, 'prompt.txt');
    const filler = 'It was late, and the rain had not ceased. '.repeat(20);
    writeFileSync(file, ` Alice has pet falcon. ${filler}\nQ: Alice has pet`);
    const options = ['--policy', 'h2o', '--budget', '64', '--max-tokens', '4', '--chunk', '32'];
    options.push(...longer);
    const { status, stdout, stderr } = llm('--model', model, '--prompt-file', file, ...options);
    expect(stderr).toMatch(/h2o: .* kept 64 of \d+ tokens per head/);
    expect(stdout.trim().length).toBeGreaterThan(0);
    expect(status).toBe(0);
  });

  it('continues a text given on the command line', () => {
    const { status, stdout } = llm(
      '--model',
      model,
      '--prompt',
      ' Alice has pet falcon.\nQ: Alice has pet',
      '--max-tokens',
      '1',
    );
    expect(stdout.trim()).toBe('falcon');
    expect(status).toBe(0);
  });

  it('writes what each head kept, as a page and as a record', async () => {
    const prompt = ` Alice has pet falcon. ${'It was late. '.repeat(20)}\nQ: Alice has pet`;
    const options = ['--policy', 'h2o', '--budget', '25%', '--max-tokens', '3', '--chunk', '32'];
    options.push(...longer);
    for (const name of ['kept.html', 'kept.safetensors']) {
      const path = join(folder, name);
      const { status, stderr } = llm(
        '--model',
        model,
        '--prompt',
        prompt,
        ...options,
        '--retention',
        path,
      );
      expect(stderr).toContain(`what each head kept is in ${path}`);
      expect(status).toBe(0);
    }
    expect(readFileSync(join(folder, 'kept.html'), 'utf8')).toContain('<h1>What h2o kept</h1>');
    const record = await readRetentionRecord(join(folder, 'kept.safetensors'));
    const tokens = record.seen.at(-1)!;
    expect(record.pieces!.join('')).toContain('Alice has pet falcon. It was late.');
    expect(record.notes).toEqual({ budget: '25%', folder: 'nano-llama' });
    for (let layer = 0; layer < record.headsPerLayer.length; layer++) {
      expect(heldTokens(record, layer, 0, record.seen.length - 1)).toHaveLength(
        Math.floor(tokens / 4),
      );
    }
  });

  const own = ['--model', model, '--prompt', 'x'];
  it.each([
    ['an unknown policy', [...own, '--policy', 'magic'], 'Allowed choices are full'],
    ['a budget of nothing', [...own, '--policy', 'h2o', '--budget', '0'], "'0' is not a budget"],
    ['a missing budget', [...own, '--policy', 'h2o'], 'needs one'],
    ['a folder that is none', ['--model', join(folder, 'none'), '--prompt', 'x'], 'tokenizer.json'],
    ['no prompt', ['--model', model], 'give --prompt or --prompt-file'],
    ['a prompt without a model', ['--prompt', 'x'], 'needs --model'],
    [
      'a prompt file that is none',
      ['--model', model, '--prompt-file', join(folder, 'none')],
      'none',
    ],
    ['a prompt beyond the limit', ['--model', model, '--prompt', 'x '.repeat(3000)], 'positions'],
    ['a NAMM without its file', [...own, '--policy', 'namm'], '--checkpoint belong together'],
    ['a file without its policy', [...own, '--checkpoint', 'x'], '--checkpoint belong together'],
    ['a budget for the full cache', [...own, '--budget', '64'], 'keeps everything'],
    ['two prompts', [...own, '--prompt-file', cli], 'not both'],
    ['a policy for the demo', ['--policy', 'h2o', '--budget', '9'], '--policies'],
    [
      'a retention file of another kind',
      [...own, '--retention', 'kept.txt'],
      '.html or .safetensors',
    ],
    ['a NAMM for the demo', ['--checkpoint', 'x'], 'needs --model'],
    ['a record of the demo', ['--retention', 'kept.html'], 'needs --model'],
    ['a demo without end', ['--prompts', '1000000000'], 'at most 1000'],
    ['no tokens at all', [...own, '--max-tokens', '0'], 'whole number above 0'],
    ['an unknown demo policy', ['--policies', 'full,magic'], "'magic' is none of"],
  ])('refuses %s in one line that says what to do', (_, args, message) => {
    const { status, stdout, stderr } = llm(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at '); // no stack
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
