/**
 * An eviction policy as data, because code cannot be sent to a worker thread.
 *
 * @example
 * ```ts
 * const policy = { module: '@namm/kv-cache', export: 'h2o', options: { budget: 256 } };
 * const mine = { module: import.meta.resolve('./my-policy.js'), export: 'myPolicy' };
 * ```
 */
export interface WorkerPolicy {
  /**
   * The module to import: a file URL, an absolute path, or a package that `@namm/decoder` can resolve, such as
   * `@namm/kv-cache`. For others, `import.meta.resolve('package')` gives the URL.
   */
  readonly module: string;
  /** The function of the module that makes the policy; it may be asynchronous. */
  readonly export: string;
  /** Its only argument: plain data. */
  readonly options?: unknown;
}

/** Whether a value looks like a policy given as data. */
export function isWorkerPolicy(value: unknown): value is WorkerPolicy {
  return typeof value === 'object' && value !== null && 'module' in value && 'export' in value;
}
