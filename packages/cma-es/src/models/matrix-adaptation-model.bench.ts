import { bench, describe } from 'vitest';
import { fillNormals } from '../normals/fill-normals.js';
import { MatrixAdaptationModel } from './matrix-adaptation-model.js';

const n = 1000;
const count = 24;

describe(`a matrix of ${n} rows times ${count} vectors`, () => {
  const vectors = () => Array.from({ length: count }, () => new Float64Array(n));
  const normals = vectors();
  for (const [index, normal] of normals.entries()) fillNormals(normal, 7, [0, index, 0]);
  const steps = vectors();
  for (const precision of ['single', 'double'] as const) {
    const model = new MatrixAdaptationModel(n, precision, null);
    bench(`kernel, ${precision}`, () => model.transform(normals, steps));
  }

  const matrix = new Float64Array(n * n);
  fillNormals(matrix, 8, [0, 0, 0]);
  bench('plain', () => {
    for (const [index, normal] of normals.entries()) {
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += matrix[i * n + j]! * normal[j]!;
        steps[index]![i] = sum;
      }
    }
  });
});
