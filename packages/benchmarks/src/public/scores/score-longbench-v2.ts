import { allQuirks, type Quirk } from './quirks.js';

/**
 * The letter that an answer to LongBench v2 chooses, or null.
 *
 * @param quirks `exact-phrase`
 */
export function choiceOfLongBenchV2(
  prediction: string,
  quirks: ReadonlySet<Quirk> = allQuirks,
): string | null {
  const text = prediction.replaceAll('*', '');
  const exact =
    /The correct answer is \(([A-D])\)/.exec(text) ?? /The correct answer is ([A-D])/.exec(text);
  if (exact !== null || quirks.has('exact-phrase')) return exact?.[1] ?? null;
  const free =
    /answer\s*(?:is)?\s*:?\s*\(?([A-D])(?![\p{L}\p{N}])/iu.exec(text) ??
    /\(([A-D])\)/.exec(text) ??
    /(?<![\p{L}\p{N}])([A-D])(?![\p{L}\p{N}'])/u.exec(text);
  return free?.[1]?.toUpperCase() ?? null;
}

/** Scores an answer to LongBench v2: 1 when it chooses the right letter. */
export function scoreLongBenchV2(
  prediction: string,
  answer: string,
  quirks: ReadonlySet<Quirk> = allQuirks,
): number {
  return Number(choiceOfLongBenchV2(prediction, quirks) === answer);
}
