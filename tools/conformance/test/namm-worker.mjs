// Run by namm-worker.test.ts, as a process of its own: the packages as they are built, in a worker thread.
import { writeFile } from 'node:fs/promises';
import { DecoderWorker } from '@namm/decoder';

const [folder, checkpoint, ids, target] = process.argv.slice(2);
const policy = {
  module: import.meta.resolve('@namm/namm'),
  export: 'loadNamm',
  options: { checkpoint, scoreOffset: 0.5 },
};
const worker = await DecoderWorker.load(folder, { probe: policy, threads: 1 });
const cache = await worker.createCache({ policy });
const input = { ids: JSON.parse(ids) };
const [{ logits }] = await worker.step([{ cache, input }]);
const { keptPerHead } = await cache.memory();
await worker.release();
await writeFile(target, JSON.stringify({ logits: [...logits], keptPerHead }));
