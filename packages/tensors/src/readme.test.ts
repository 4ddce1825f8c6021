import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as tensors from './index.js';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'namm-readme-'));
  try {
    const body = example
      .replace(/^import (.*) from .*$/m, 'const $1 = tensors;')
      .replaceAll("'scale.safetensors'", 'path');
    const run = new Function(
      'tensors',
      'path',
      `return (async () => { ${body}\nreturn { dtype, shape, numbers }; })()`,
    );
    const result = await run(tensors, join(folder, 'scale.safetensors'));
    expect(result).toEqual({
      dtype: 'F32',
      shape: [2, 3],
      numbers: Float32Array.of(1, 2, 3, 4, 5, 6),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
