import { float16ToFloat32 } from '@namm/core';
import { expect, it } from 'vitest';
import { HeadHistory } from './head-history.js';

/** What it says of three tokens: when each went, and its last score. */
function told(history: HeadHistory) {
  const [evictedAt, scores] = [new Uint32Array(3), new Uint16Array(3)];
  history.writeEvictedAt(evictedAt, 9);
  history.writeScores(scores);
  return { evictedAt: [...evictedAt], scores: [...float16ToFloat32(scores)] };
}

it('goes its own way in a fork, scores and evictions alike', () => {
  const history = new HeadHistory();
  history.takeScores(Int32Array.of(0, 1, 2), Float32Array.of(1, 2, 3));
  history.advance(3, Int32Array.of(0, 1, 2), 0);
  const fork = history.fork();
  fork.takeScores(Int32Array.of(0, 1, 2), Float32Array.of(5, 6, 7));
  fork.advance(3, Int32Array.of(0, 2), 1);
  expect(told(history)).toEqual({ evictedAt: [9, 9, 9], scores: [1, 2, 3] });
  expect(told(fork)).toEqual({ evictedAt: [9, 1, 9], scores: [5, 6, 7] });
  history.takeScores(Int32Array.of(0, 1, 2), Float32Array.of(0, 0, 0));
  history.advance(3, Int32Array.of(1), 2);
  expect(told(fork)).toEqual({ evictedAt: [9, 1, 9], scores: [5, 6, 7] });
});
