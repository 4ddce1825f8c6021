import { join } from 'node:path';
import { Random } from '@namm/core';
import { type Feed, ortNode } from '@namm/decoder';
import { expect, it } from 'vitest';
import { openVideoFolder } from './open-video-folder.js';
import { visionGraph, visionNames } from './vision-graph.js';

const fixtures = join(import.meta.dirname, '../../test/__fixtures__/shown-images');

// 5 do not cut 16 into equal parts: fewer do.
it.each([4, 5])('gives the same rows when %i are computed at a time', async (atOnce) => {
  const { source, vision } = await openVideoFolder(join(fixtures, 'smolvlm'));
  const { imageSize, patchSize } = vision.tower;
  const patches = (imageSize / patchSize) ** 2;
  const random = new Random(1);
  const feeds = new Map<string, Feed>();
  const pixels = Float32Array.from({ length: 3 * imageSize ** 2 }, () => random.uniform() - 0.5);
  feeds.set(visionNames.pixels, { data: pixels, shape: [1, 3, imageSize, imageSize] });
  const counted = Int32Array.from({ length: patches }, (_, i) => i);
  feeds.set(visionNames.positions, { data: counted, shape: [patches] });
  feeds.set(visionNames.visible, { data: counted.slice(0, patches - 3), shape: [patches - 3] });
  const rows: Float32Array[] = [];
  const nodes: boolean[] = [];
  for (const most of [undefined, atOnce]) {
    const graph = visionGraph(source, vision, most);
    nodes.push(Buffer.from(graph.graph).includes('Scan'));
    const session = await ortNode.load(graph, { threads: 1 });
    rows.push((await session.run(feeds)).get(visionNames.features)!);
    await session.release();
  }
  expect(nodes).toEqual([false, true]);
  const [whole, parts] = rows;
  expect(whole!.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  expect(parts!.length).toBe(whole!.length);
  for (const [i, value] of parts!.entries()) expect(value).toBeCloseTo(whole![i]!, 5);
});
