import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandHost } from '@namm/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const conformance = (...args: string[]) => commands.run(args);

/** A tokenizer of three tokens and a fixture that says what it makes of one text. */
const tokenizer = { model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] } };
const fixture = (ids: number[]) => ({
  bos_token_id: null,
  eos_token_id: null,
  pad_token_id: null,
  vocab_size: 3,
  encode: [
    {
      text: 'abb',
      ids,
      ids_with_special: ids,
      tokens: ['ab', 'b'],
      decoded: 'ab b',
      decoded_skip_special: 'ab b',
    },
  ],
  chat: [],
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'namm-conformance-test-'));
  for (const [name, ids] of Object.entries({ right: [2, 1], wrong: [0, 1, 1] })) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'tokenizer.json'), JSON.stringify(tokenizer));
    await writeFile(join(folder, name, 'tokenizer_fixture.json'), JSON.stringify(fixture(ids)));
  }
  await mkdir(join(folder, 'later'));
  await writeFile(join(folder, 'later', 'config.json'), '{"model_type":"bert"}');
  await writeFile(join(folder, 'later', 'fixture.json'), '{}');
  await mkdir(join(folder, 'empty'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('conformance', () => {
  it('prints a line for each case and the totals, and exits with 0', async () => {
    const { status, stdout } = await conformance(join(folder, 'right'));
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^tokenizers +right\/ids +0 +0 +pass$/);
    expect(lines.at(-1)).toBe('9 passed, 0 failed, 0 skipped');
    expect(status).toBe(0);
  });

  it('exits with 1 when a case fails, and counts what it skips', async () => {
    const { status, stdout } = await conformance(folder, '--json');
    const { results, ...totals } = JSON.parse(stdout);
    expect(totals).toEqual({ passed: 14, failed: 4, skipped: 1 });
    expect(results).toContainEqual(
      expect.objectContaining({
        kind: 'tokenizers',
        name: 'wrong/ids',
        error: 1,
        tolerance: 0,
        ok: false,
      }),
    );
    expect(results).toContainEqual(
      expect.objectContaining({
        kind: 'models',
        name: 'later',
        error: null,
        tolerance: null,
        ok: null,
      }),
    );
    expect(status).toBe(1);
  });

  it('explains what is wrong, and exits with 2', async () => {
    const cases: [args: string[], message: string][] = [
      [[join(folder, 'empty')], 'no fixture at or below it'],
      [[join(folder, 'absent')], 'absent does not exist'],
      [[], '<folder>: is missing'],
    ];
    const ends = await Promise.all(cases.map(([args]) => commands.run(args)));
    for (const [i, { status, stderr }] of ends.entries()) {
      expect(stderr).toContain(cases[i]![1]);
      expect(status).toBe(2);
    }
  });
});
