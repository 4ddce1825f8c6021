import { join } from 'node:path';
import { createScorer, publishedBam, slowScores } from '@namm/bam';
import { openSafetensors } from '@namm/tensors';
import type { ConformanceKind } from './conformance-kind.js';
import { isFile, readJson } from './model-fixture.js';

interface BamCase {
  readonly case: number;
  readonly heads: number;
  readonly n: number;
  readonly pad: string;
}

/** Scores of the BAM network, kernel and plain twin, against the reference and a double-precision oracle. */
export const bam: ConformanceKind = {
  name: 'bam',
  recognises: (folder) => isFile(join(folder, 'bam.json')),
  async *run(folder) {
    const facts = (await readJson(join(folder, 'bam.json'))) as unknown as {
      cases: readonly BamCase[];
    };
    const file = await openSafetensors(join(folder, 'bam.safetensors'));
    for (const { case: index, heads, n, pad } of facts.cases) {
      const parameters = await file.readFloat32(`c${index}.params`);
      const features = await file.readFloat32(`c${index}.features`);
      const mask = await file.readNumbers(`c${index}.mask`);
      const expected = await file.readFloat64(`c${index}.oracle64.scores`);
      const size = publishedBam.features;
      // Padding is not a part of a cache here: what is masked is not given to the scorer.
      const present = [...mask.keys()].filter((token) => mask[token] !== 0);
      const tokens = Array.from({ length: heads }, (_, head) =>
        present.map((token) => head * n + token),
      ).flat();
      const rows = new Float32Array(tokens.length * size);
      for (const [row, token] of tokens.entries()) {
        rows.set(features.subarray(token * size, (token + 1) * size), row * size);
      }
      const lengths = new Array<number>(heads).fill(present.length);
      const kernel = createScorer(publishedBam, parameters).score(rows, lengths);
      const twin = lengths.flatMap((length, head) => {
        const own = rows.subarray(head * length * size, (head + 1) * length * size);
        return [...slowScores(publishedBam, parameters, own)];
      });

      const largest = tokens.reduce((max, token) => Math.max(max, Math.abs(expected[token]!)), 1);
      const name = `case ${index}: ${heads} × ${n} tokens, padding ${pad}`;
      for (const [what, scores, tolerance] of [
        ['kernel', kernel, 1e-5],
        ['twin', twin, 1e-12],
      ] as const) {
        const error = tokens.reduce((worst, token, i) => {
          const difference = Math.abs(scores[i]! - expected[token]!) / largest;
          return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
        }, 0);
        yield { kind: 'bam', name: `${name}, ${what}`, error, tolerance, ok: error <= tolerance };
      }
    }
  },
};
