import { InvalidArgumentError } from '@namm/core';
import type { NamedTensors } from '../named-tensors.js';
import type { Assessor } from './assessor.js';
import type { Entrant, Evaluator, Failure, Slice, SliceScores } from './evaluator.js';
import { findUnstorable } from './find-unstorable.js';

/**
 * Evaluates in this thread, one slice after the other.
 *
 * @example
 * ```ts
 * const evaluator = new InProcessEvaluator({
 *   version: 'sphere 1',
 *   assess: async ({ units, contenders }) => units.map((unit) => contenders.map((x) => score(x, unit))),
 * });
 * ```
 */
export class InProcessEvaluator<Unit, Score, Request = never>
  implements Evaluator<Unit, Score, Request>
{
  readonly concurrency = 1;
  readonly version: string;
  readonly #assessor: Assessor<Unit, Score, Request>;

  /** @param assessor is closed with the evaluator */
  constructor(assessor: Assessor<Unit, Score, Request>) {
    this.version = assessor.version;
    this.#assessor = assessor;
  }

  /** @throws {InvalidArgumentError} when the assessor measures nothing */
  async prepare(request: Request): Promise<NamedTensors> {
    if (this.#assessor.prepare) return this.#assessor.prepare(request);
    throw new InvalidArgumentError('assessor', 'has no prepare()');
  }

  async evaluate(slice: Slice<Unit>): Promise<SliceScores<Score>> {
    try {
      return await this.#assess(slice);
    } catch {
      // Some contender fails: try each once more alone, so that the others keep their scores.
      const rows: (Score | Failure)[][] = [];
      for (const unit of slice.units) {
        const row: (Score | Failure)[] = [];
        for (const contender of slice.contenders)
          row.push(await this.#alone(slice, unit, contender));
        rows.push(row);
      }
      return rows;
    }
  }

  async close(): Promise<void> {
    await this.#assessor.close?.();
  }

  async #assess(slice: Slice<Unit>): Promise<(Score | Failure)[][]> {
    const rows = await this.#assessor.assess(slice);
    return rows.map((row) =>
      row.map((score) => {
        const problem = findUnstorable(score);
        return problem === null ? score : { failed: problem };
      }),
    );
  }

  async #alone(slice: Slice<Unit>, unit: Unit, contender: Entrant): Promise<Score | Failure> {
    try {
      const own = { ...slice, units: [unit], contenders: [contender] };
      return (await this.#assess(own))[0]![0]!;
    } catch (error) {
      return { failed: String(error) };
    }
  }
}
