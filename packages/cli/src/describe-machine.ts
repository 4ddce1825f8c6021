import { cpus, loadavg } from 'node:os';
import { counted } from '@namm/core';

/** The machine in words, with its load average, for the head of a table. */
export function describeMachine(): string {
  const processors = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  const model = processors[0]?.model.trim() || 'unknown CPU';
  return `${model}, ${counted(processors.length, 'core')}, Node ${process.versions.node}; load average before: ${load.join(' ')}`;
}
