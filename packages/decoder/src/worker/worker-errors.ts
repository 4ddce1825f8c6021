import { NammError, type NammErrorOptions } from '@namm/core';
import type { WorkerPolicy } from './worker-policy.js';

/** Why a worker ended: it was released, code in it threw or exited, or its heap was full. */
export type WorkerDeathReason = 'released' | 'error' | 'exit' | 'memory';

const explanations: Readonly<Record<WorkerDeathReason, string>> = {
  released: 'was released',
  error: 'has died of an error',
  exit: 'has ended',
  memory: 'has died because its heap was full',
};

/** A model's worker thread has ended, and the model and its caches are gone. */
export class WorkerDiedError extends NammError {
  readonly reason: WorkerDeathReason;

  constructor(reason: WorkerDeathReason, options: NammErrorOptions = {}) {
    const { cause } = options;
    const said = cause instanceof Error ? ` (${cause.message})` : '';
    super(
      'WORKER_DIED',
      `The model's worker thread ${explanations[reason]}${said}. Its caches are lost; load another.`,
      { ...options, details: { reason, ...options.details } },
    );
    this.reason = reason;
  }
}

/** An eviction policy given as data cannot be made, or its own code fails while it is used. */
export class PolicyModuleError extends NammError {
  constructor(policy: WorkerPolicy, problem: string, options: NammErrorOptions = {}) {
    super('POLICY_MODULE', `The policy's module ${policy.module}: ${problem}`, {
      ...options,
      details: { module: policy.module, export: policy.export, ...options.details },
    });
  }

  /** The error for code of the module that throws: what it threw, and the line, where its stack says it. */
  static failedIn(policy: WorkerPolicy, method: string | null, cause: unknown): PolicyModuleError {
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    const line = lineIn(policy.module, cause);
    const where = line === null ? '' : ` (line ${line})`;
    const what = method === null ? 'failed' : `failed in ${method}`;
    return new PolicyModuleError(policy, `'${policy.export}' ${what}: ${said}${where}`, { cause });
  }
}

/** The first line of the module that a stack names, or null. */
function lineIn(module: string, error: unknown): string | null {
  const name = encodeURI(module.split(/[\\/]/).at(-1) ?? '').replaceAll(
    /[.*+?^${}()|[\]\\]/g,
    '\\$&',
  );
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return new RegExp(`[\\\\/]${name}(?:\\?[^:\\s]*)?:(\\d+):\\d+`).exec(stack)?.[1] ?? null;
}
