import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KVCache, RetentionRecorder, readRetentionRecord } from '@namm/kv-cache';
import { afterAll, expect, it } from 'vitest';
import { addPolicyOptions } from './policy-options.js';
import { createProgram } from './program.js';
import { writeRetention } from './write-retention.js';

const folder = mkdtempSync(join(tmpdir(), 'namm-policy-options-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(...args: string[]) {
  const program = addPolicyOptions(createProgram('test', 'Test.')).configureOutput({
    writeErr: () => {},
  });
  return program.parse(args, { from: 'user' }).opts();
}

it('reads what a model forgets, and where that is recorded', () => {
  expect(read()).toEqual({});
  const retention = join(folder, 'kept.html');
  expect(read('--policy', 'h2o', '--budget', '25%', '--retention', retention)).toEqual({
    ...{ policy: 'h2o', budget: '25%', retention },
  });
  expect(() => read('--retention', join(folder, 'kept.txt'))).toThrow('neither .html nor');
  expect(() => read('--retention', join(folder, 'none', 'kept.html'))).toThrow(
    'there is no folder',
  );
});

it('writes a page or a record, as the name ends', async () => {
  const recorder = new RetentionRecorder();
  const layers = [{ keyValueHeads: 1, queryHeads: 1, headSize: 2, window: null }];
  const shape = { model: 'toy', layers };
  const cache = new KVCache(shape, { recorder });
  const rows = [{ keys: new Float32Array(2), values: new Float32Array(2) }];
  await cache.update({ count: 1, rows, observations: [] });
  const record = recorder.record({ notes: { budget: '25%' } });
  const [page, file] = [join(folder, 'kept.html'), join(folder, 'kept.safetensors')];
  await writeRetention(page, record);
  await writeRetention(file, record);
  expect(readFileSync(page, 'utf8')).toContain('<h1>What full kept</h1>');
  expect((await readRetentionRecord(file)).notes).toEqual({ budget: '25%' });
});
