import { expect, it } from 'vitest';
import { parseExtension } from './extension.js';

it('reads what stands for an extension, and nothing else', () => {
  expect(parseExtension('published')).toEqual({ kind: 'ntk', alpha: 2, logitFactor: 1 });
  expect(parseExtension('ntk:3:1.5')).toEqual({ kind: 'ntk', alpha: 3, logitFactor: 1.5 });
  expect(parseExtension('yarn:1.25')).toEqual({ kind: 'yarn', alpha: 1, logitFactor: 1.25 });
  expect(parseExtension('tuned')).toBe('tuned');
  for (const wrong of ['', 'ntk', 'ntk:2', 'ntk:2:0', 'ntk:2:x', 'yarn:1:2', 'magic']) {
    expect(() => parseExtension(wrong)).toThrow(/is none of published/);
  }
});
