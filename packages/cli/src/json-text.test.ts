import { expect, it } from 'vitest';
import { jsonText } from './json-text.js';

it('keeps each list of numbers on one line, and the value', () => {
  const value = {
    kept: [1, -2.5, 1e-9],
    deep: [[1, 2], [3]],
    none: [],
    text: '[\n  1\n]',
    names: ['a'],
  };
  const text = jsonText(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text.split('\n')).toEqual([
    '{',
    '  "kept": [1, -2.5, 1e-9],',
    '  "deep": [',
    '    [1, 2],',
    '    [3]',
    '  ],',
    '  "none": [],',
    '  "text": "[\\n  1\\n]",',
    '  "names": [',
    '    "a"',
    '  ]',
    '}',
  ]);
});
