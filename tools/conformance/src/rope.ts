import { join } from 'node:path';
import { readRotaryParameters, rotaryRows } from '@namm/decoder';
import type { ConformanceKind } from './conformance-kind.js';
import { isFile, readJson } from './model-fixture.js';

interface RopeCase {
  readonly name: string;
  readonly head_dim: number;
  readonly rope_parameters: Readonly<Record<string, unknown>>;
  readonly max_position_embeddings: number;
  readonly rows: readonly {
    readonly positions: readonly number[];
    readonly cos_half: readonly (readonly number[])[];
    readonly sin_half: readonly (readonly number[])[];
    /** How far each float32 angle is from the exact one: how much any implementation may differ. */
    readonly f32_angle_error: readonly number[];
  }[];
}

const fixtureFile = 'rope_rows.json';
const tolerance = 1e-6;

/** Rows of cos and sin for every RoPE scaling. The error is what exceeds the float32 angle's own. */
export const rope: ConformanceKind = {
  name: 'rope',
  recognises: (folder) => isFile(join(folder, fixtureFile)),
  async *run(folder) {
    const { cases } = (await readJson(join(folder, fixtureFile))) as unknown as {
      cases: readonly RopeCase[];
    };
    for (const { name, head_dim, rope_parameters, max_position_embeddings, rows } of cases) {
      const table = readRotaryParameters(rope_parameters, head_dim, max_position_embeddings);
      for (const expected of rows) {
        const { cos, sin } = rotaryRows(table, Int32Array.from(expected.positions));
        let error = 0;
        for (const [row, allowed] of expected.f32_angle_error.entries()) {
          for (let i = 0; i < table.size / 2; i++) {
            const at = row * (table.size / 2) + i;
            const difference = Math.max(
              Math.abs(cos[at]! - expected.cos_half[row]![i]!),
              Math.abs(sin[at]! - expected.sin_half[row]![i]!),
            );
            error = Math.max(error, difference - allowed);
          }
        }
        const label = `${name} to position ${Math.max(...expected.positions)}`;
        yield { kind: 'rope', name: label, error, tolerance, ok: error <= tolerance };
      }
    }
  },
};
