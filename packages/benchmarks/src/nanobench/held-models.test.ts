import { expect, it } from 'vitest';
import type { TableModel } from '../table/measure-rows.js';
import { HeldModels } from './held-models.js';

const setting = {
  model: 'm',
  version: '1',
  factor: 1,
  kind: 'ntk',
  alpha: 1,
  logitFactor: 1,
} as const;
const [none, sums] = [{ kind: 'none' }, { kind: 'columnSums' }] as const;

it('loads a model once for each probe, and frees it when another setting comes', async () => {
  const log: string[] = [];
  const held = new HeldModels();
  const load = held.loader('m 1', async ({ factor }, { probe, chunkSize }) => {
    const name = `${factor} ${probe.kind} ${chunkSize}`;
    log.push(`load ${name}`);
    return { release: async () => void log.push(`free ${name}`) } as unknown as TableModel;
  });
  const first = await load(setting, { probe: none, chunkSize: 64 });
  await first.release();
  await load(setting, { probe: sums, chunkSize: 64 });
  await load(setting, { probe: none, chunkSize: 64 });
  expect(log).toEqual(['load 1 none 64', 'load 1 columnSums 64']);
  await load({ ...setting, factor: 2 }, { probe: none, chunkSize: 64 });
  await load({ ...setting, factor: 2 }, { probe: none, chunkSize: 32 });
  expect(log.slice(2)).toEqual([
    ...['free 1 none 64', 'free 1 columnSums 64', 'load 2 none 64'],
    ...['free 2 none 64', 'load 2 none 32'],
  ]);
  await held.release();
  await held.release();
  expect(log.slice(5 + 2)).toEqual(['free 2 none 32']);
});
