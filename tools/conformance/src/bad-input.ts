import { join } from 'node:path';
import { NammError } from '@namm/core';
import { Decoder, loadTokenizer, TokenizerError } from '@namm/decoder';
import { openSafetensors } from '@namm/tensors';
import type { ConformanceKind, ConformanceResult } from './conformance-kind.js';
import { largestDifference } from './largest-difference.js';
import { isFile, readJson } from './model-fixture.js';

interface Manifest {
  readonly base: {
    readonly input_ids: readonly number[];
    readonly logits: string;
    readonly tolerance: number;
  };
  readonly cases: readonly { readonly dir: string; readonly expect: string }[];
  readonly bad_calls_on_works_plain?: readonly {
    readonly input_ids: readonly number[];
    readonly expect: string;
  }[];
}

/** What became of a folder: logits, or the error that kept it from giving any. */
type Outcome = { readonly logits: Float32Array } | { readonly failure: unknown };

/**
 * Broken and unusual model folders with a manifest of what must happen. A refusal counts when it is an
 * error of ours; anything else that is thrown is a failure of the runtime.
 */
export const badInput: ConformanceKind = {
  name: 'bad-input',
  async recognises(folder) {
    const file = join(folder, 'manifest.json');
    if (!(await isFile(file))) return false;
    const manifest = await readJson(file);
    return Array.isArray(manifest.cases) && typeof manifest.base === 'object';
  },
  async *run(folder) {
    const manifest = (await readJson(join(folder, 'manifest.json'))) as unknown as Manifest;
    const { base } = manifest;
    const expected = await (await openSafetensors(join(folder, base.logits))).readFloat32('logits');
    for (const { dir, expect } of manifest.cases) {
      const path = join(folder, dir);
      if (expect === 'tokenizer_error') yield await judgeTokenizer(dir, path);
      else if (expect === 'error_on_run') yield await judgeLongVocabulary(dir, path);
      else {
        const outcome = await runFolder(path, base.input_ids);
        yield judge(dir, expect, outcome, expected, base.tolerance);
      }
    }
    for (const [i, call] of (manifest.bad_calls_on_works_plain ?? []).entries()) {
      const outcome = await runFolder(join(folder, 'works-plain'), call.input_ids);
      const name = `bad call ${i} (${call.input_ids.length} ids)`;
      const refused = 'failure' in outcome && NammError.isInstance(outcome.failure);
      yield result(name, refused || call.expect === 'works_or_error', describe(outcome));
    }
  },
};

async function runFolder(path: string, ids: readonly number[]): Promise<Outcome> {
  try {
    const decoder = await Decoder.load(path);
    try {
      const item = { cache: decoder.createCache(), input: { ids }, outputs: 'all' } as const;
      const [stepped] = await decoder.step([item]);
      return { logits: stepped!.logits };
    } finally {
      await decoder.release();
    }
  } catch (failure) {
    return { failure };
  }
}

function judge(
  name: string,
  expect: string,
  outcome: Outcome,
  expected: Float32Array,
  tolerance: number,
): ConformanceResult {
  const mayWork = expect.startsWith('works');
  const mayFail = expect !== 'works';
  if ('failure' in outcome) {
    return result(name, mayFail && NammError.isInstance(outcome.failure), describe(outcome));
  }
  const error = largestDifference(outcome.logits, expected);
  return { kind: 'bad-input', name, error, tolerance, ok: mayWork && error <= tolerance };
}

async function judgeTokenizer(name: string, path: string): Promise<ConformanceResult> {
  const failure = await loadTokenizer(path).then(
    () => null,
    (error: unknown) => error,
  );
  return result(name, failure instanceof TokenizerError, describe({ failure }));
}

/** A tokenizer with more ids than the model has: those beyond the model must be refused. */
async function judgeLongVocabulary(name: string, path: string): Promise<ConformanceResult> {
  const tokenizer = await loadTokenizer(path);
  const outcome = await runFolder(path, [tokenizer.vocabularySize - 1]);
  const refused = 'failure' in outcome && NammError.isInstance(outcome.failure);
  return result(name, refused, describe(outcome));
}

function describe(outcome: Outcome): string {
  if ('logits' in outcome) return 'ran without complaint';
  const { failure } = outcome;
  return failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure);
}

function result(name: string, ok: boolean, note: string): ConformanceResult {
  return { kind: 'bad-input', name, error: null, tolerance: null, ok, note };
}
