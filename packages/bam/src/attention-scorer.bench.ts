import { randomNormals } from '@namm/testing';
import { bench, describe } from 'vitest';
import { createScorer } from './create-scorer.js';
import { parameterCount, publishedBam } from './scorer-settings.js';
import { slowScores } from './slow-scores.js';

const parameters = randomNormals(1, parameterCount(publishedBam), 0.2);
const scorer = createScorer(publishedBam, parameters);

describe.each([256, 1024])('the published scorer on %d tokens of one head', (tokens) => {
  const features = randomNormals(2, tokens * publishedBam.features);
  bench('kernel', () => {
    scorer.score(features, [tokens]);
  });
  bench('plain', () => {
    slowScores(publishedBam, parameters, features);
  });
});
