import type { ProbeKind, ProbeOf } from './probe-kind.js';

/** Nothing is reported. */
export const none: ProbeKind<ProbeOf<'none'>> = {
  check: () => undefined,
  serves: () => true,
  build: () => () => undefined,
  read: () => [],
  observe: { takes: () => true, read: () => null },
};
