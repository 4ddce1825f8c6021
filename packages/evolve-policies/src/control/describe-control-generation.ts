import type { GenerationRecord, Measures } from '@namm/evolve';

/**
 * One line per generation of an evolution on control: the best candidate, and the mean if it was validated.
 *
 * @param record the record that {@link evolveOnControl} gives of a generation
 *
 * @example
 * ```ts
 * await evolveOnControl({ …, onGeneration: (record) => console.log(describeControlGeneration(record)) });
 * ```
 */
export function describeControlGeneration({
  generation,
  candidates,
  sigma,
  seconds,
  validation,
}: GenerationRecord): string {
  const told = ({ measures }: { readonly measures: Measures }) =>
    `return ${measures.return!.toFixed(3)}, ${measures.rowsPerHead!.toFixed(1)} rows`;
  const known = candidates.filter((candidate) => candidate !== null);
  const ranked = known.sort((a, b) => a.shortfall - b.shortfall || b.fitness - a.fitness);
  return [
    `generation ${generation}: σ ${sigma.toPrecision(3)}`,
    ...(ranked[0] ? [`best ${told(ranked[0])}`] : []),
    ...(validation ? [`mean ${told(validation)}${validation.isBest ? ', best so far' : ''}`] : []),
    ...(known.length < candidates.length ? [`${candidates.length - known.length} failed`] : []),
    ...(seconds ? [`${seconds.toFixed(1)} s`] : []),
  ].join('; ');
}
