import type { Contender, NanobenchEntry } from '@namm/benchmarks';
import { checkNames } from '@namm/core';
import type { SelectionSemantics } from '@namm/namm';
import { readNamms, varyNamm } from './namm-contender.js';
import { type BenchmarkModel, openBenchmarkModel } from './open-benchmark-model.js';

/** Rows of the result table besides the classic policies. */
export interface NanobenchEntryOptions {
  readonly threads: number;
  /** Checkpoints of NAMMs. */
  readonly namms: readonly string[];
  /** Further NAMMs: an offset on every score. @defaultValue none */
  readonly offsets?: readonly number[];
  /** Further NAMMs: decisions other than their own. @defaultValue none */
  readonly semantics?: readonly SelectionSemantics[];
  /** Other contenders with their own decisions. @defaultValue none */
  readonly others?: readonly Contender[];
}

/**
 * A model for the result table, with the policies made for it.
 *
 * @throws {NammError} when the folder does not hold a model, or a file is not a NAMM
 */
export async function openNanobenchEntry(
  folder: string,
  options: NanobenchEntryOptions,
): Promise<NanobenchEntry & { readonly model: BenchmarkModel }> {
  const {
    threads,
    namms,
    offsets = [],
    semantics = [],
    others = [],
  } = checkNames('openNanobenchEntry', options, [
    'threads',
    'namms',
    'offsets',
    'semantics',
    'others',
  ]);
  const model = await openBenchmarkModel(folder, { threads });
  const learned = await readNamms(namms);
  const variants = [
    ...offsets.map((scoreOffset) => ({ scoreOffset })),
    ...semantics.map((kind) => ({ semantics: kind })),
  ].flatMap((variant) => learned.map((each) => varyNamm(each, variant)));
  return { model, learned, others: [...others, ...variants] };
}
