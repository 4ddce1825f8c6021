import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelFolderError, readRotaryParameters, rotaryRows } from '../src/index.js';

interface Case {
  readonly name: string;
  readonly head_dim: number;
  readonly rope_parameters: Record<string, unknown>;
  readonly max_position_embeddings: number;
  readonly rows: readonly {
    readonly positions: number[];
    readonly cos_half: number[][];
    readonly f32_angle_error: number[];
  }[];
}

const file = join(import.meta.dirname, '__fixtures__', 'rope-rows.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];

describe('rotaryRows', () => {
  it.each(cases.map((item) => [item.name, item] as const))('%s as PyTorch', (_, item) => {
    const { rope_parameters: parameters, head_dim, max_position_embeddings: positions } = item;
    const table = readRotaryParameters(parameters, head_dim, positions);
    for (const expected of item.rows) {
      const { cos } = rotaryRows(table, Int32Array.from(expected.positions));
      for (const [row, values] of expected.cos_half.entries()) {
        for (const [i, value] of values.entries()) {
          const error = Math.abs(cos[row * values.length + i]! - value);
          // What float32 angles cost any implementation, and a rounding of the cosine.
          expect(error).toBeLessThanOrEqual(1e-6 + expected.f32_angle_error[row]!);
        }
      }
    }
  });

  it('rounds llama3 as PyTorch does', () => {
    const parameters = {
      ...{ rope_type: 'llama3', rope_theta: 500_000, factor: 8 },
      ...{ low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 },
    };
    const table = readRotaryParameters(parameters, 128, 131_072);
    const { cos } = rotaryRows(table, Int32Array.of(1_000_000));
    // Recorded; the frequency is between the two bounds, where a rounding in another order shows.
    const recorded = Math.fround(1_000_000 * 0.0001785077911335975);
    expect(cos[34]).toBe(Math.fround(Math.cos(recorded)));
  });

  it('rotates nothing at position 0', () => {
    const table = readRotaryParameters({ rope_theta: 500 }, 8, 64);
    expect(rotaryRows(table, Int32Array.of(0))).toEqual({
      cos: new Float32Array(4).fill(1),
      sin: new Float32Array(4),
    });
  });

  it.each([
    [{ rope_type: 'frob' }, 'frob'],
    [{ rope_type: 'linear' }, 'factor'],
    [{ rope_type: 'linear', factor: 0 }, 'factor'],
    [{ rope_type: 'llama3', factor: 8 }, 'low_freq_factor'],
    [{ rope_type: 'longrope', short_factor: [1], long_factor: [1] }, 'short_factor'],
    [{ rope_theta: -1 }, 'rope_theta'],
    [{ partial_rotary_factor: 0.35 }, 'head_dim'],
    [{ partial_rotary_factor: 0.05 }, 'head_dim'],
    [{ rope_type: 'dynamic', factor: 2, partial_rotary_factor: 0.125 }, 'NTK'],
  ])('refuses %j and names %s', (parameters, key) => {
    const read = () => readRotaryParameters(parameters, 16, 64);
    expect(read).toThrow(ModelFolderError);
    expect(read).toThrow(key);
  });
});
