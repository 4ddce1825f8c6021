/**
 * Writes the clips that the Python steps of this recipe read, and the words of their questions.
 *
 *   node generate.mjs --out DATA [--scale 1]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clipWords, generateClip, writeClips } from '../../packages/benchmarks/dist/index.js';

const seed = 1;
/** Clips per length: short ones come first in training. */
const training = [
  { lengths: [3, 4, 5, 6], clips: 4_000 },
  { lengths: [8, 10, 12], clips: 8_000 },
  { lengths: [16, 20, 24], clips: 3_000 },
];
const development = { lengths: [12, 24, 48, 96, 192], clips: 100 };

const { values } = parseArgs({
  options: { out: { type: 'string' }, scale: { type: 'string', default: '1' } },
});

function* clips(split, length, count) {
  for (let index = 0; index < count; index++) yield generateClip({ length, split, seed, index });
}

async function write(split, length, count) {
  const name = `${split}-${length}`;
  const written = await writeClips(values.out, name, clips(split, length, count));
  process.stdout.write(`${name}: ${written.clips} clips, ${written.pictures} pictures\n`);
}

for (const { lengths, clips: count } of training) {
  for (const length of lengths) await write('train', length, Math.ceil(count * values.scale));
}
for (const length of development.lengths) {
  await write('development', length, Math.ceil(development.clips * values.scale));
}
writeFileSync(join(values.out, 'words.json'), JSON.stringify(clipWords));
