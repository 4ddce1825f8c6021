import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomDecisionTransformer } from '@namm/cache-decision-transformer';
import { AgentPlayer } from '@namm/control';
import { Random } from '@namm/core';
import { type NammCheckpoint, namm, publishedFeatures } from '@namm/namm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TransferOptions, transferNamm } from '../src/index.js';

const agent = mkdtempSync(join(tmpdir(), 'namm-transfer-'));
const environment = { name: 't-maze', length: 12 } as const;
let options: Omit<TransferOptions, 'form'>;

beforeAll(async () => {
  const sizes = { stateSize: 4, actionSize: 4, hiddenSize: 16, layers: 2, heads: 2, timesteps: 40 };
  await randomDecisionTransformer(agent, { seed: 3, ...sizes });
  const rest = { actions: 'discrete', returnScale: 1, targetReturn: 1, context: 13 };
  const states = { mean: [0, 0, 0, 0], deviation: [1, 1, 1, 1], timesteps: 'absolute' };
  await writeFile(join(agent, 'agent.json'), JSON.stringify({ environment, ...rest, ...states }));
  options = {
    agent,
    checkpoint: fourLayers(),
    updateInterval: 16,
    episodes: 2,
    shares: [0.6, 0.2],
  };
});
afterAll(() => rmSync(agent, { recursive: true }));

/** A linear NAMM that sees keys, with statistics and a bias for each head of a model of four layers. */
function fourLayers(): NammCheckpoint {
  const random = new Random(5);
  const normal = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  return {
    scorer: { kind: 'linear', features: 27, bias: true },
    parameters: normal(28),
    normaliser: {
      ...{ shape: [4, 2, 19], mean: normal(152), variance: normal(152).map((value) => value ** 2) },
      count: new Float64Array(8).fill(9),
    },
    headBias: { layers: 4, heads: 2, values: normal(8) },
    features: { ...publishedFeatures, keys: ['norm', 'likeness'] },
    policy: { updateInterval: 64, semantics: 'exact', pooling: 2 },
    provenance: { model: 'another' },
  };
}

/** Rows held per head after an episode. */
async function rowsUnder(policy: ReturnType<typeof namm>): Promise<number> {
  const player = await AgentPlayer.open({ agent, environment, probe: policy.probe });
  const { rowsPerHead } = await player.play({ policy }, 5);
  await player.release();
  return rowsPerHead.peak;
}

describe('transferNamm', () => {
  it('makes a NAMM of four layers fit an agent of two, frozen', async () => {
    const { checkpoint, trials, chosen } = await transferNamm({ ...options, form: 'frozen' });
    expect(checkpoint.normaliser.shape).toEqual([19]);
    expect(checkpoint.headBias).toBeUndefined();
    expect(checkpoint.parameters).toEqual(options.checkpoint.parameters);
    expect([trials, chosen]).toEqual([[], null]);
    expect(await rowsUnder(namm(checkpoint))).toBeGreaterThan(0);
    expect(() => namm(options.checkpoint).start({ layers: [] } as never)).toThrow('4 layers');
  });

  it.each(['calibrated', 'random'] as const)('measures and tries thresholds: %s', async (form) => {
    const seen: string[] = [];
    const { checkpoint, trials, chosen } = await transferNamm({
      ...{ ...options, form },
      onProgress: ({ done, total }) => seen.push(`${done}/${total}`),
    });
    expect(seen).toHaveLength(2 + 2 + 4 * 2);
    expect(seen.at(-1)).toBe('12/12');
    expect(checkpoint.normaliser.shape).toEqual([2, 2, 19]);
    expect(checkpoint.policy.updateInterval).toBe(16);
    expect(trials.map(({ allocation, share }) => [allocation, share])).toEqual([
      ...[['joint', 0.6] as const, ['joint', 0.2], ['per-head', 0.6], ['per-head', 0.2]],
    ]);
    expect(trials).toContain(chosen);
    for (const { keptShare } of trials) expect(keptShare).toBeLessThan(1);
    expect(chosen!.allocation === 'per-head').toBe(checkpoint.headBias !== undefined);
    const { transfer } = checkpoint.provenance as { transfer: Record<string, unknown> };
    expect(transfer).toMatchObject({ form, environment, episodes: 2, seed: 1_000_000 });
    expect(await rowsUnder(namm(checkpoint))).toBeLessThan(38);
    const again = await transferNamm({ ...options, form });
    expect(again).toEqual({ checkpoint, trials, chosen });
  });

  it('tries tails with each threshold, within a limit', async () => {
    const more = { tails: [1, 9], shares: [0.2], budget: 12 } as const;
    const { checkpoint, trials, chosen } = await transferNamm({
      ...{ ...options, ...more, form: 'calibrated' },
    });
    expect(trials.map(({ allocation, tail }) => [allocation, tail])).toEqual([
      ...[['joint', 1] as const, ['joint', 9], ['per-head', 1], ['per-head', 9]],
    ]);
    for (const { rowsPerHead, tail } of trials) {
      // 38 tokens: 12 stay of 16 and of 32 at the most, and those that come until the next decision.
      expect(rowsPerHead).toBeLessThan(19);
      if (tail === 9) expect(rowsPerHead).toBeGreaterThan(11);
    }
    expect(checkpoint.policy.tail ?? 1).toBe(chosen!.tail);
  });

  it('refuses what it cannot use', async () => {
    const attempt = (more: object) =>
      transferNamm({ ...options, form: 'calibrated', ...more } as TransferOptions);
    await expect(attempt({ form: 'thawed' })).rejects.toThrow('form');
    await expect(attempt({ shares: [2] })).rejects.toThrow('shares');
    await expect(attempt({ episodes: 0 })).rejects.toThrow('episodes');
    await expect(attempt({ tails: [0] })).rejects.toThrow('tails');
    await expect(attempt({ tails: [] })).rejects.toThrow('tails');
    await expect(attempt({ budget: 'much' })).rejects.toThrow('budget');
    await expect(attempt({ updateInterval: 10 })).rejects.toThrow('updateInterval');
    await expect(attempt({ updateInterval: 64 })).rejects.toThrow('no episode reached an update');
    await expect(attempt({ rewards: 1 })).rejects.toThrow('rewards');
    await expect(attempt({ environment: { name: 'hopper' } })).rejects.toThrow('11 numbers');
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(attempt({ signal: aborted })).rejects.toThrow('enough');
  });
});
