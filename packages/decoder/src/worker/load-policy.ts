import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkNames, InvalidArgumentError, NammError } from '@namm/core';
import type { EvictionPolicy } from '@namm/kv-cache';
import { guardPolicy } from './guard-policy.js';
import { PolicyModuleError } from './worker-errors.js';
import { isWorkerPolicy, type WorkerPolicy } from './worker-policy.js';

/**
 * Makes a policy from its data. If its code fails later, during a run, the error names the policy, too.
 *
 * @throws {InvalidArgumentError} when the data are invalid, or name a module by a relative path
 * @throws {PolicyModuleError} when the module cannot be loaded, does not export a policy's factory, or the factory fails
 * @throws the {@link NammError} of a factory, such as one about an option
 */
export async function loadPolicy(policy: WorkerPolicy): Promise<EvictionPolicy> {
  if (!isWorkerPolicy(policy) || typeof policy.module !== 'string') {
    const form = '{ module, export, options }';
    throw new InvalidArgumentError('policy', `a worker needs it as data of the form ${form}`);
  }
  checkNames('a policy for workers', policy, ['module', 'export', 'options']);
  const exported = await importModule(policy);
  const factory = exported[policy.export];
  if (typeof factory !== 'function') {
    const functions = Object.keys(exported).filter((name) => typeof exported[name] === 'function');
    const there = functions.length > 0 ? `only ${functions.join(', ')}` : 'nor any other';
    throw new PolicyModuleError(policy, `exports no function '${policy.export}', ${there}`);
  }
  const made: unknown = await call(policy, factory as (options: unknown) => unknown);
  if (!isPolicy(made)) {
    throw new PolicyModuleError(policy, `'${policy.export}' does not make an eviction policy`);
  }
  return guardPolicy(made, policy);
}

async function call(policy: WorkerPolicy, factory: (options: unknown) => unknown) {
  try {
    return await factory(policy.options);
  } catch (cause) {
    if (NammError.isInstance(cause)) throw cause;
    throw PolicyModuleError.failedIn(policy, null, cause);
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function importModule(policy: WorkerPolicy): Promise<Record<string, unknown>> {
  const { module } = policy;
  if (/^\.\.?[/\\]/.test(module)) {
    throw new InvalidArgumentError(
      'policy.module',
      `'${module}' is relative to nothing; give import.meta.resolve('${module}')`,
    );
  }
  const url = isAbsolute(module) ? pathToFileURL(module).href : module;
  const isFile = url.startsWith('file:');
  if (isFile && !existsSync(fileURLToPath(url))) {
    throw new PolicyModuleError(policy, 'does not exist');
  }
  try {
    return await import(url);
  } catch (cause) {
    const advice = isFile ? '' : '. Name a package by its URL: import.meta.resolve(…).';
    throw new PolicyModuleError(policy, `cannot be loaded: ${said(cause)}${advice}`, { cause });
  }
}

function isPolicy(value: unknown): value is EvictionPolicy {
  const { name, probe, start } = (value ?? {}) as Partial<EvictionPolicy>;
  return typeof name === 'string' && typeof probe?.kind === 'string' && typeof start === 'function';
}
