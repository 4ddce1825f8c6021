import type { Interval } from '@namm/statistics';
import type { ConditionSummary } from '../table/summarise-condition.js';
import { ratioOverSeeds } from '../table/summarise-seeds.js';
import { describeExtension } from '../table/table-row.js';

/** The headline of a length and extension: over base models and evolutions. */
export interface SeedSummary {
  readonly length: number;
  readonly extension: string;
  readonly models: number;
  readonly evolutions: number;
  readonly all: Interval;
  readonly evolved?: Interval;
  readonly heldOut?: Interval;
}

/**
 * Joins conditions that differ in the model only. The extension is joined by its place in the plan, since tuned ones
 * differ from model to model.
 *
 * @param isNamm whether a contender was evolved on the model
 */
export function summariseSeeds(
  conditions: readonly (readonly ConditionSummary[])[],
  isNamm: (model: string, contender: string) => boolean,
  evolvedFamilies: readonly string[],
): SeedSummary[] {
  return conditions.flatMap((sameAcrossModels) => {
    const groups = sameAcrossModels.flatMap(({ condition, rows }) => {
      const own = rows.filter(({ row }) => row.budget.kind === 'own');
      const full = own.find(({ row }) => row.contender === 'full');
      const evolved = own.filter(({ row }) => isNamm(condition.setting.model, row.contender));
      if (full === undefined || evolved.length === 0) return [];
      return { full: full.means, evolved: evolved.map(({ means }) => means) };
    });
    if (groups.length === 0) return [];
    const { condition, rows } = sameAcrossModels[0]!;
    const families = [...rows[0]!.families.keys()];
    const isEvolved = (family: string) => evolvedFamilies.includes(family);
    const ratio = (isChosen: (family: string) => boolean) =>
      families.some(isChosen) ? ratioOverSeeds(groups, { seed: 0, isChosen }) : undefined;
    const evolved = ratio(isEvolved);
    const heldOut = ratio((family) => !isEvolved(family));
    return {
      length: condition.length,
      extension: describeExtension(condition.setting),
      models: groups.length,
      evolutions: groups.reduce((sum, group) => sum + group.evolved.length, 0),
      all: ratio(() => true)!,
      ...(evolved && { evolved }),
      ...(heldOut && { heldOut }),
    };
  });
}
