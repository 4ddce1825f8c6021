import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  allQuirks,
  chineseWords,
  type InfiniteBenchLabel,
  noQuirks,
  OfficialScorerError,
  scoreInfiniteBench,
  scoreLongBench,
  scoreRuler,
} from '@namm/benchmarks/public';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { readJson } from './model-fixture.js';

interface LongBenchCase {
  readonly task: string;
  readonly metric: string;
  readonly prediction: string;
  readonly answers: readonly string[];
  readonly all_classes: readonly string[] | null;
  readonly score: number;
  readonly per_answer: readonly number[];
  readonly per_answer_without_recursion_limit?: readonly number[];
  readonly pre_segmented?: {
    readonly prediction: readonly string[];
    readonly answers: readonly (readonly string[])[];
  };
}

interface InfiniteBenchCase {
  readonly task: string;
  readonly prediction: string;
  readonly label: InfiniteBenchLabel;
  readonly model_name: string;
  /** Null where the official scorer ends with an exception. */
  readonly score: number | null;
}

interface RulerCase {
  readonly kind: 'string_match_all' | 'string_match_part';
  readonly predictions: readonly string[];
  readonly references: readonly (readonly string[])[];
  readonly score: number;
}

const pattern = /^(longbench|infinitebench|ruler)\.json$/;
const tolerance = 1e-9;
/** Scores with our own segmenter may differ by half a point of a hundred on the mean. */
const segmenterTolerance = 0.005;

/** Scores of the public benchmarks, against numbers of their own programs. */
export const metrics: ConformanceKind = {
  name: 'metrics',
  recognises: async (folder) => (await readdir(folder)).some((file) => pattern.test(file)),
  async *run(folder) {
    for (const file of (await readdir(folder)).filter((name) => pattern.test(name)).sort()) {
      const facts: unknown = await readJson(join(folder, file));
      if (file === 'ruler.json') yield* checkRuler(facts as readonly RulerCase[]);
      else if (file === 'infinitebench.json') {
        // JSON itself does not tell 3 from 3.0, and the file has no such number.
        yield* checkInfiniteBench(facts as readonly InfiniteBenchCase[]);
      } else yield* checkLongBench((facts as { cases: readonly LongBenchCase[] }).cases);
    }
  },
};

function* checkLongBench(cases: readonly LongBenchCase[]) {
  for (const [metric, group] of byKey(cases, (each) => each.metric)) {
    let [exact, without, ours, counted] = [0, 0, 0, 0];
    const withoutStack = new Set(allQuirks);
    withoutStack.delete('rouge-stack');
    for (const each of group) {
      const given =
        each.pre_segmented &&
        new Map(
          [each.prediction, ...each.answers].map((text, i) => [
            text,
            i === 0 ? each.pre_segmented!.prediction : each.pre_segmented!.answers[i - 1]!,
          ]),
        );
      const words = (text: string) => given?.get(text) ?? chineseWords(text);
      const reference = { answers: each.answers, classes: each.all_classes };
      const score = scoreLongBench(each.task, each.prediction, reference, { words });
      exact = larger(exact, score - each.score);
      for (const [i, answer] of each.answers.entries()) {
        const one = { ...reference, answers: [answer] };
        const single = scoreLongBench(each.task, each.prediction, one, { words });
        exact = larger(exact, single - each.per_answer[i]!);
        const wanted = each.per_answer_without_recursion_limit?.[i] ?? each.per_answer[i]!;
        const unlimited = { words, quirks: withoutStack };
        without = larger(
          without,
          scoreLongBench(each.task, each.prediction, one, unlimited) - wanted,
        );
      }
      if (given) {
        ours += scoreLongBench(each.task, each.prediction, reference) - each.score;
        counted++;
      }
    }
    yield result(`longbench ${metric}`, exact, tolerance);
    if (metric.startsWith('rouge')) {
      yield result(`longbench ${metric}, without rouge-stack`, without, tolerance);
    }
    if (counted > 0) {
      const difference = Math.abs(ours / counted);
      yield result(`longbench ${metric}, our segmenter`, difference, segmenterTolerance);
    }
  }
}

function* checkInfiniteBench(cases: readonly InfiniteBenchCase[]) {
  for (const [task, group] of byKey(cases, (each) => each.task)) {
    let error = 0;
    for (const { prediction, label, model_name: modelName, score } of group) {
      let actual: number | null;
      try {
        actual = scoreInfiniteBench(task, prediction, label, { modelName });
      } catch (problem) {
        if (!(problem instanceof OfficialScorerError)) throw problem;
        actual = null;
      }
      if (score === null || actual === null) error = larger(error, score === actual ? 0 : 1);
      else error = larger(error, actual - score);
      // The strict score never fails.
      scoreInfiniteBench(task, prediction, label, { quirks: noQuirks });
    }
    yield result(`infinitebench ${task}`, error, tolerance);
  }
}

function* checkRuler(cases: readonly RulerCase[]) {
  for (const [kind, group] of byKey(cases, (each) => each.kind)) {
    let error = 0;
    for (const { predictions, references, score } of group) {
      const how = kind === 'string_match_all' ? 'all' : 'part';
      const scores = predictions.map((text, i) => scoreRuler(how, text, references[i]!));
      const mean = scores.reduce((sum, each) => sum + each, 0) / scores.length;
      error = larger(error, Math.round(1e4 * mean) / 100 - score);
    }
    yield result(`ruler ${kind}`, error, tolerance);
  }
}

function byKey<Case>(cases: readonly Case[], keyOf: (each: Case) => string): Map<string, Case[]> {
  const groups = new Map<string, Case[]>();
  for (const each of cases) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return groups;
}

/** NaN counts as infinitely wrong. */
function larger(worst: number, difference: number): number {
  const size = Math.abs(difference);
  return Number.isNaN(size) ? Number.POSITIVE_INFINITY : Math.max(worst, size);
}

function result(name: string, error: number, limit: number): ConformanceResult {
  return { kind: 'metrics', name, error, tolerance: limit, ok: error <= limit };
}
