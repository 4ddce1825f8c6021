/**
 * An eviction policy named by data, because code cannot be sent to a worker thread.
 *
 * @example
 * ```ts
 * const policy = { module: '@namm/kv-cache', export: 'h2o', options: { budget: 256 } };
 * const mine = { module: import.meta.resolve('./my-policy.js'), export: 'myPolicy' };
 * ```
 */
export interface WorkerPolicy {
  /**
   * What the worker imports: a file URL, an absolute path, or a package that can be found from
   * `@namm/decoder`, such as `@namm/kv-cache`. For others `import.meta.resolve('package')` gives the URL.
   */
  readonly module: string;
  /** The function of the module that makes the policy; it may be asynchronous. */
  readonly export: string;
  /** Its one argument: plain data. */
  readonly options?: unknown;
}

/** Whether a value looks like a policy named by data. */
export function isWorkerPolicy(value: unknown): value is WorkerPolicy {
  return typeof value === 'object' && value !== null && 'module' in value && 'export' in value;
}
