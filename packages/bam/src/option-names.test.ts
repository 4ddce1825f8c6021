import { InvalidArgumentError } from '@namm/core';
import { describe, expect, it } from 'vitest';
import { checkSettings } from './scorer-settings.js';

/** Everything that takes options, as a caller without types sees it, and all that it knows. */
const takers: [string, (options: never) => unknown, object][] = [
  [
    'checkSettings of a BAM',
    checkSettings,
    { kind: 'bam', features: 25, visible: [0, 25], hidden: 32, attention: true },
  ],
  [
    'checkSettings of an MLP',
    checkSettings,
    {
      ...{ kind: 'mlp', features: 25, visible: [0, 25], hidden: 25 },
      ...{ depth: 2, bias: true, residual: true },
    },
  ],
  [
    'checkSettings of a linear scorer',
    checkSettings,
    { kind: 'linear', features: 25, visible: [0, 8], bias: false },
  ],
];

describe('options', () => {
  it.each(takers)(
    'of %s: all known ones are taken, an unknown one is named',
    async (_, take, known) => {
      await take(known as never);
      const call = async () => take({ ...known, unknwon: 1 } as never);
      await expect(call()).rejects.toThrow(InvalidArgumentError);
      await expect(call()).rejects.toThrow(/^unknwon: is no option of /);
      for (const option of Object.keys(known)) await expect(call()).rejects.toThrow(option);
    },
  );
});
