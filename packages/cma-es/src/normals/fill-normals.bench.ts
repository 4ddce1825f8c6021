import { bench, describe } from 'vitest';
import { fillNormals } from './fill-normals.js';
import { fillNormalsPlain } from './fill-normals-plain.js';

describe('4,172 normal numbers', () => {
  const target = new Float64Array(4172);
  bench('kernel', () => fillNormals(target, 7, [0, 0, 0]));
  bench('plain', () => fillNormalsPlain(target, 7, [0, 0, 0]));
});
