import { runBenchmarks, serveShard } from '@namm/benchmarks/public';
import { openPublicRun, type PublicRunData } from './open-public-run.js';

// A worker thread of a run of public benchmarks.
await serveShard(async (data, shard) => {
  const { options, models } = await openPublicRun(data as PublicRunData);
  try {
    await runBenchmarks({ ...options, ...shard });
  } finally {
    await models.release();
  }
});
