import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { modelFolder } from '@namm/models';
import {
  EchoCollector,
  echoText,
  type NammCheckpoint,
  namm,
  readCheckpoint,
  writeCheckpoint,
} from '@namm/namm';
import { afterAll, describe, expect, it } from 'vitest';

const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'namm-bench-head-bias-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Attention of a head to where its tokens stood before. */
async function echoesOf(model: 'nano-llama', period: number, seed: number) {
  const collector = new EchoCollector({ period });
  const { probe } = collector.policy;
  const decoder = await Decoder.load(modelFolder(model), { probe, chunkSize: 48 });
  for (let text = 0; text < 8; text++) {
    const ids = echoText(new Random(seed, text), decoder.spec.vocabularySize!, period);
    const cache = decoder.createCache({ policy: collector.policy });
    await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
  }
  await decoder.release();
  return collector.echoes();
}

describe('echoes', () => {
  it('find the heads that a model looks things up with, on any tokens', async () => {
    for (const seed of [1, 2]) {
      const echoes = await echoesOf('nano-llama', 60, seed);
      const [first, second] = echoes.flat().sort((a, b) => b - a);
      // The two without which the model answers nothing; see the models' RESULTS.md.
      expect([...echoes[2]!].sort((a, b) => b - a)).toEqual([first, second]);
      expect(second).toBeGreaterThan(1.5 * Math.max(...echoes[0]!, ...echoes[1]!, ...echoes[3]!));
    }
  });

  it('are refused where nothing was repeated', async () => {
    const collector = new EchoCollector({ period: 40 });
    expect(() => collector.echoes()).toThrow(/has measured nothing/);
    expect(() => new EchoCollector({ period: 0 })).toThrow(/period/);
  });
});

describe('bench calibrate, of a NAMM with a bias per head', () => {
  const evolved = join(folder, 'evolved.safetensors');
  const out = join(folder, 'out.safetensors');
  const model = modelFolder('nano-qwen3');
  const calibrate = (...more: string[]) => {
    const args = ['--namm', evolved, '--model', model, '--out', out, '--passages', '2', ...more];
    return spawnSync(process.execPath, [cli, 'calibrate', ...args], {
      ...{ encoding: 'utf8', timeout: 100_000 },
    });
  };

  it('gives the heads of another model the bias of the heads like them', async () => {
    const old: NammCheckpoint = {
      ...(await readCheckpoint(
        join(modelFolder('nano-llama'), 'evolved', 'published.safetensors'),
      )),
      headBias: { layers: 4, heads: 2, values: Float32Array.of(-9, -9, -9, -9, 5, 5, -9, -9) },
    };
    await writeCheckpoint(evolved, old);
    const refused = calibrate();
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining('from: is missing'),
    ]);
    expect(calibrate('--from', modelFolder('nano-llama')).stderr).toBe('');
    const moved = await readCheckpoint(out);
    const { layers, heads, values } = moved.headBias!;
    expect([layers, heads]).toEqual([6, 3]);
    const bias = (layer: number, head: number) => values[layer * 3 + head]!;
    for (const head of [0, 1, 2]) {
      expect(bias(2, head)).toBeCloseTo(5, 5);
      expect(bias(0, head)).toBeCloseTo(-9, 5);
    }
    const policy = namm(moved);
    const decoder = await Decoder.load(model, { probe: policy.probe });
    const cache = decoder.createCache({ policy });
    await decoder.step([{ cache, input: { ids: new Array<number>(128).fill(5) } }]);
    expect(cache.memory().rows).toBeGreaterThan(0);
    await decoder.release();
    const wrong = await Decoder.load(modelFolder('nano-llama'), { probe: policy.probe });
    expect(() => wrong.createCache({ policy })).toThrow(/for 6 layers of 3 KV heads/);
    await wrong.release();
  });

  it('leaves the bias out when nothing is to be measured', async () => {
    expect(calibrate('--frozen').status).toBe(0);
    expect((await readCheckpoint(out)).headBias).toBeUndefined();
    expect(calibrate('--frozen', '--from', modelFolder('nano-llama')).status).toBe(0);
    const { headBias, normaliser } = await readCheckpoint(out);
    expect([headBias!.layers, headBias!.heads, ...normaliser.shape]).toEqual([6, 3, 17]);
  });
});
