import { cpus } from 'node:os';

/** Time since a stopwatch was started, seconds. */
export interface Elapsed {
  readonly wall: number;
  /** CPU time of all threads of this process. */
  readonly cpu: number;
  /** CPU time that the cores of the machine spent on other processes. */
  readonly others: number;
}

/** Starts a stopwatch; the result reads it. */
export function startStopwatch(): () => Elapsed {
  const start = performance.now();
  const own = process.cpuUsage();
  const busy = busySeconds();
  return () => {
    const { user, system } = process.cpuUsage(own);
    const cpu = (user + system) / 1e6;
    const wall = (performance.now() - start) / 1e3;
    return { wall, cpu, others: Math.max(0, busySeconds() - busy - cpu) };
  };
}

function busySeconds(): number {
  let sum = 0;
  for (const { times } of cpus()) sum += times.user + times.nice + times.sys + times.irq;
  return sum / 1e3;
}
