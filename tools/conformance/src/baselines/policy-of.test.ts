import { expect, it } from 'vitest';
import { policyOf } from './policy-of.js';

it('gives AdaKV over SnapKV the window of the fixture', () => {
  const probeFor = (w: number) =>
    policyOf('adakv(snapkv)', { w, compression_ratio: 0.5, alpha_safeguard: 0.2 })!.probe;
  expect(probeFor(16)).toMatchObject({ kind: 'lastQueries', count: 16 });
  expect(probeFor(12)).toMatchObject({ kind: 'lastQueries', count: 12 });
});
