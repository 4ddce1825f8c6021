import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFolder } from '@namm/models';
import { readCheckpoint } from '@namm/namm';
import { CommandHost } from '@namm/testing';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-bench-calibrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const evolved = join(modelFolder('nano-llama'), 'evolved', 'published.safetensors');
const model = modelFolder('nano-llama-2');
const out = join(folder, 'out.safetensors');

const commands = new CommandHost(cli);
afterAll(() => commands.stop());
const calibrate = (...args: string[]) => commands.run(['calibrate', ...args]);

const move = (...more: string[]) =>
  calibrate('--namm', evolved, '--model', model, '--out', out, ...more);

describe('bench calibrate', () => {
  it('writes the NAMM for the other model, and says how it compares', async () => {
    const { status, stdout, stderr } = await move('--passages', '2', '--bias-shift', '-0.5');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('calibrated, bias shifted by -0.5');
    expect(stdout).toMatch(/keeps \d+\.\d % on 4 passages/);
    const { provenance } = await readCheckpoint(out);
    expect(provenance).toMatchObject({ movedTo: 'nano-llama-2', biasShift: -0.5 });
    const frozen = await move('--frozen', '--no-compare');
    expect([frozen.status, frozen.stdout.trim().split('\n').length]).toEqual([0, 1]);
  });

  it('refuses what it cannot use, and writes nothing then', async () => {
    const file = join(folder, 'wrong.safetensors');
    writeFileSync(file, 'no checkpoint');
    const none = join(folder, 'none');
    const refused = join(folder, 'refused.safetensors');
    const cases: [args: string[], message: string][] = [
      [['--namm', file, '--model', model, '--out', refused], file],
      [['--namm', evolved, '--model', none, '--out', refused], none],
      [
        ['--namm', evolved, '--model', model, '--length', '9999', '--out', refused],
        '--length: 9999',
      ],
      [['--namm', evolved, '--model', model, '--out', join(none, 'a')], 'there is no folder'],
      [['--namm', evolved, '--model', model, '--corpus', none, '--out', refused], 'SOURCES.md'],
    ];
    const ends = await Promise.all(cases.map(([args]) => commands.run(['calibrate', ...args])));
    for (const [i, { status, stderr }] of ends.entries()) {
      expect(stderr).toContain(cases[i]![1]);
      expect(status).toBe(2);
    }
    expect(existsSync(refused)).toBe(false);
  });
});
