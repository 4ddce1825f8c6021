import { describe, expect, it } from 'vitest';
import { EchoCollector } from './echo-collector.js';

describe('EchoCollector', () => {
  it('refuses to tell what it has not measured, and periods that are none', () => {
    const collector = new EchoCollector({ period: 40 });
    expect(() => collector.echoes()).toThrow(/has measured nothing/);
    expect(() => new EchoCollector({ period: 0 })).toThrow(/period/);
    expect(() => new EchoCollector({ period: 1.5 })).toThrow(/period/);
  });
});
