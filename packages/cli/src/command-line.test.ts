import { expect, it } from 'vitest';
import { commandLine } from './command-line.js';

it('names no folder of this machine', () => {
  const words = ['evolve', '--out', '/home/me/run', '--start', './near/start.safetensors'];
  expect(commandLine('bench', words)).toBe(
    'bench evolve --out run --start ./near/start.safetensors',
  );
});
