import { checkNames, InvalidArgumentError } from '@namm/core';
import { nanobenchTasks } from '../data/nanobench-tasks.js';
import type { PublicTask } from '../data/public-task.js';
import { readInfiniteBench } from '../data/read-infinitebench.js';
import { readChouBun, readLongBench } from '../data/read-longbench.js';
import { readLongBenchV2 } from '../data/read-longbench-v2.js';
import { generateRuler } from '../ruler/generate-ruler.js';
import { needleTasks } from '../ruler/needle-tasks.js';
import { readRuler } from '../ruler/read-ruler.js';
import { readRulerSources } from '../ruler/ruler-sources.js';
import { plainWording, readRulerWording } from '../ruler/ruler-wording.js';
import type { BenchmarkPlan } from './run-plan.js';

/** What generated tasks go by. */
export interface GenerationRecord {
  readonly seed: number;
  /** Tokens of a text, without special ones around it. */
  readonly countTokens: (text: string) => number;
  /** Tokens that a chat template puts around each prompt of RULER and needle. @defaultValue 0, no template */
  readonly templateTokens?: number;
}

const usualSamples = 25;
const usualLengths = [4096];
const usualDepths = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

/**
 * The tasks of a benchmark in a run: read from the user's data, or generated.
 *
 * @throws {InvalidArgumentError} for what the plan leaves out
 * @throws {FileFormatError} for files that cannot be read
 */
export async function readBenchmark(
  plan: BenchmarkPlan,
  generation: GenerationRecord,
): Promise<PublicTask[]> {
  checkNames('readBenchmark', plan, [
    ...(['name', 'data', 'repository', 'tasks', 'limit', 'lengths'] as const),
    ...(['samples', 'sources', 'templates', 'depths'] as const),
  ]);
  const { name, data, repository, tasks, limit, samples = usualSamples } = plan;
  const { lengths = usualLengths, sources, templates, depths = usualDepths } = plan;
  const { seed, countTokens, templateTokens = 0 } = generation;
  const some = { ...(tasks && { tasks }), ...(limit !== undefined && { limit }) };
  if (name === 'nanobench') {
    return lengths.flatMap((length) =>
      nanobenchTasks({ length, samples, seed, countTokens, ...(tasks && { tasks }) }),
    );
  }
  if (name === 'ruler' && data !== undefined) return readRuler({ data, ...some });
  if (name === 'ruler' || name === 'needle') {
    const wording = repository === undefined ? plainWording : await readRulerWording(repository);
    const own = await readRulerSources(sources ?? null);
    const made = { sources: own, wording, seed, countTokens, templateTokens };
    if (name === 'needle') return needleTasks({ ...made, lengths, depths, samples });
    return lengths.flatMap((length) =>
      generateRuler({
        ...made,
        length,
        samples: Math.min(samples, limit ?? samples),
        ...(tasks && { tasks }),
      }),
    );
  }
  if (data === undefined || repository === undefined) {
    const lacking = data === undefined ? 'data' : 'repository';
    throw new InvalidArgumentError(lacking, `is needed for ${name}`);
  }
  const where = { data, repository };
  if (name === 'longbench') return readLongBench({ ...where, ...some });
  if (name === 'choubun') return readChouBun({ ...where, ...some });
  if (name === 'longbench-v2')
    return readLongBenchV2({ ...where, ...(limit !== undefined && { limit }) });
  return readInfiniteBench({ ...where, ...some, ...(templates !== undefined && { templates }) });
}
