import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Decoder } from '@namm/decoder';
import { modelFolder } from '@namm/models';
import { namm, readCheckpoint } from '@namm/namm';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-bench-calibrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const evolved = join(modelFolder('nano-llama'), 'evolved', 'published.safetensors');
const model = modelFolder('nano-llama-2');
const out = join(folder, 'out.safetensors');

function calibrate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'calibrate', ...args], {
    ...{ encoding: 'utf8', timeout: 100_000 },
  });
  return { status, stdout, stderr };
}

const move = (...more: string[]) =>
  calibrate('--namm', evolved, '--model', model, '--out', out, ...more);

describe('bench calibrate', () => {
  it('measures the new model, head by head or all together', async () => {
    const old = await readCheckpoint(evolved);
    for (const [kind, shape] of [
      ['head', old.normaliser.shape],
      ['bin', [17]],
    ] as const) {
      expect(move('--passages', '2', '--normaliser', kind)).toMatchObject({
        status: 0,
        stderr: '',
      });
      const { normaliser, parameters, provenance } = await readCheckpoint(out);
      expect(normaliser.shape).toEqual(shape);
      expect(normaliser.mean).not.toEqual(old.normaliser.mean);
      expect(parameters).toEqual(old.parameters);
      expect(provenance).toMatchObject({
        settings: old.provenance.settings,
        ...{ movedTo: 'nano-llama-2', normaliser: 'calibrated', biasShift: 0 },
        // All 128 positions of the model, twice.
        calibratedOnTokens: expect.any(Number),
      });
    }
  });

  it('gives the same again, and something else on longer passages', async () => {
    const means: Float32Array[] = [];
    for (const more of [[], [], ['--rope-factor', '2']]) {
      expect(move('--passages', '1', ...more).status).toBe(0);
      means.push((await readCheckpoint(out)).normaliser.mean);
    }
    expect(means[1]).toEqual(means[0]);
    expect(means[2]).not.toEqual(means[0]);
  });

  it('freezes, shifts the bias, and the new model runs under it', async () => {
    const { stdout, status } = move('--frozen', '--bias-shift', '-0.5');
    expect([status, stdout]).toEqual([0, expect.stringContaining('frozen, bias shifted by -0.5')]);
    const [old, moved] = [await readCheckpoint(evolved), await readCheckpoint(out)];
    expect(moved.normaliser.shape).toEqual([17]);
    expect(moved.provenance).toMatchObject({ normaliser: 'frozen', biasShift: -0.5 });
    const shifts = [...moved.parameters].map((value, i) => value - old.parameters[i]!);
    expect(shifts.filter((shift) => shift !== 0)).toEqual([expect.closeTo(-0.5, 5)]);
    const policy = namm(moved);
    const { probe } = policy;
    const decoder = await Decoder.load(model, { probe, ropeScaling: { factor: 2, alpha: 2 } });
    const cache = decoder.createCache({ policy });
    await decoder.step([{ cache, input: { ids: new Array<number>(192).fill(5) } }]);
    expect(cache.memory().rows).toBeGreaterThan(0);
    await decoder.release();
  });

  it('refuses what it cannot use, and writes nothing then', () => {
    const file = join(folder, 'wrong.safetensors');
    writeFileSync(file, 'no checkpoint');
    const none = join(folder, 'none');
    const refused = join(folder, 'refused.safetensors');
    const to = ['--out', refused];
    for (const [args, message] of [
      [['--namm', file, '--model', model], file],
      [['--namm', join(model, 'model.safetensors'), '--model', model], 'model.safetensors'],
      [['--namm', evolved, '--model', none], none],
      [['--namm', evolved, '--model', none, '--frozen'], none],
      [['--namm', evolved, '--model', model, '--length', '500'], 'positions'],
      [['--namm', evolved, '--model', model, '--length', '32'], 'measure on more text'],
      [['--namm', evolved, '--model', model, '--rope-factor', '0.5'], 'factor'],
      [['--namm', evolved, '--model', model, '--corpus', none], 'SOURCES.md'],
      [['--namm', evolved, '--model', model, '--bias-shift', 'much'], "'much' is not a number"],
    ] as const) {
      const { status, stderr } = calibrate(...args, ...to);
      expect(stderr).toContain(message);
      expect(status).toBe(2);
    }
    expect(existsSync(refused)).toBe(false);
  });
});
