import { describe, expect, it } from 'vitest';
import { trainableSettings } from './trainable-settings.js';

/** What a scorer sees of 8 numbers of age, 17 of the spectrum and 2 of keys. */
function visibleOf(name: string): unknown {
  const settings = trainableSettings(name, 64, { keys: ['norm', 'likeness'] });
  return settings.kind === 'namm' ? settings.scorer.visible : null;
}

describe('trainableSettings', () => {
  it.each([
    ['linear', undefined],
    ['linear-no-recency', [8, 27]],
    ['keys-only', [25, 27]],
    ['no-spectrum', [0, 8]],
    ['no-recency', [8, 27]],
  ])('%s sees %s', (name, visible) => {
    expect(visibleOf(name)).toEqual(visible);
  });

  it('refuses a name that it does not know', () => {
    expect(() => trainableSettings('cubic', 64)).toThrow("'cubic' is none of namm,");
  });
});
