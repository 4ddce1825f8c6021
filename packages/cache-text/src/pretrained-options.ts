import type { PretrainedModelOptions } from '@huggingface/transformers';
import { checkNames, checkSignal, InvalidArgumentError } from '@namm/core';
import type { DecoderOptions, DecoderWorkerOptions, WorkerPolicy } from '@namm/decoder';
import type { EvictionPolicy } from '@namm/kv-cache';
import type { AnyPolicy } from './sequence-model.js';

/** Options of both kinds of models. */
interface LoadingOptions<Policy> extends Omit<PretrainedModelOptions, 'dtype'> {
  /**
   * Decides what the model's caches forget, unless a cache is made with another policy.
   * @defaultValue `full()`
   */
  readonly policy?: Policy;
  /** Aborts a download with the signal's reason; what was fetched is kept. */
  readonly signal?: AbortSignal;
}

/**
 * Options of {@link NammModelForCausalLM.from_pretrained}: those of transformers.js that apply here
 * (`progress_callback`, `config`, `cache_dir`, `local_files_only`, `revision`, `subfolder`), those of `Decoder.load`,
 * and the policy. Other options of transformers.js are refused unless they ask for the default behaviour, such as
 * `device: 'cpu'`. `dtype` works as in `Decoder.load`: `'auto'`, `'fp32'`, `'q8'` or `'q4'`.
 */
export interface NammModelOptions extends LoadingOptions<EvictionPolicy>, DecoderOptions {
  readonly worker?: false;
}

/** Options of a model in a worker thread; the policy is given as data, not code. */
export interface NammWorkerOptions extends LoadingOptions<WorkerPolicy>, DecoderWorkerOptions {
  /** Runs the model in a worker thread, so that this thread stays free while it computes. */
  readonly worker: true;
}

const decoderOptions = [
  'probe',
  'chunkSize',
  'dtype',
  'cacheDtype',
  'ropeScaling',
  'maximumPositions',
  'threads',
  'passes',
  'preparedWeights',
] as const satisfies readonly (keyof DecoderOptions)[];

const workerOptions = [
  'resourceLimits',
  'workerFile',
] as const satisfies readonly (keyof DecoderWorkerOptions)[];

const loadingOptions = [
  'worker',
  'policy',
  'signal',
  'progress_callback',
  'config',
  'cache_dir',
  'local_files_only',
  'revision',
  'subfolder',
] as const;

/** What stands for "as usual" in the options of transformers.js that have no other meaning here. */
const harmless: Readonly<Record<string, readonly unknown[]>> = {
  device: ['cpu'],
  model_file_name: [],
  use_external_data_format: [],
  session_options: [],
};

const advice: Readonly<Record<string, string>> = {
  device: "everything is computed on the CPU: leave it out, or say 'cpu'",
  model_file_name:
    'no ONNX file is read: the graph is built from config.json and safetensors; a GGUF file is named in full, OWNER/NAME:FILE.gguf',
  use_external_data_format:
    'no ONNX file is read: the graph is built from config.json and safetensors',
  session_options:
    'the session is made by @namm/decoder; for the number of threads there is `threads`',
};

/** The options in the form in which they are used. */
export interface CheckedOptions {
  readonly policy: AnyPolicy | undefined;
  /** For `Decoder.load`, or for `DecoderWorker.load`. */
  readonly decoder: DecoderOptions & DecoderWorkerOptions;
  readonly subfolder: string;
  readonly revision: string;
}

/**
 * Checks the options that can be checked before anything is loaded.
 *
 * @throws {InvalidArgumentError} naming the option at fault
 */
export function checkPretrainedOptions(
  options: NammModelOptions | NammWorkerOptions,
): CheckedOptions {
  const { policy, subfolder, revision, worker = false } = options;
  const own = worker ? [...decoderOptions, ...workerOptions] : decoderOptions;
  for (const [name, value] of Object.entries(options)) checkOption(name, value, own);
  if (typeof worker !== 'boolean')
    throw new InvalidArgumentError('worker', 'is neither true nor false');
  if (policy !== undefined) checkPolicy(policy, worker);
  checkSignal(options.signal);
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined && own.includes(name as never),
  );
  const probe =
    policy === undefined ? {} : { probe: worker ? policy : (policy as EvictionPolicy).probe };
  return {
    policy,
    decoder: { ...probe, ...Object.fromEntries(given) } as CheckedOptions['decoder'],
    // transformers.js looks for its files in `onnx` unless told otherwise; ours are beside the configuration.
    subfolder: checkPath('subfolder', subfolder === 'onnx' ? '' : (subfolder ?? '')),
    revision: checkPath('revision', revision ?? 'main') || 'main',
  };
}

/** @throws {InvalidArgumentError} when it is not a policy, or not of the kind that the model takes */
export function checkPolicy(policy: unknown, worker: boolean): void {
  const { start, module, export: name } = (policy ?? {}) as Record<string, unknown>;
  if (worker ? typeof module === 'string' && typeof name === 'string' : typeof start === 'function')
    return;
  if (!worker && typeof module === 'string' && typeof name === 'string') {
    const advice = 'this model takes the policy itself, such as h2o({ budget: 512 })';
    throw new InvalidArgumentError('policy', `named by data needs worker: true; ${advice}`);
  }
  const problem = worker
    ? "is not named by data, such as { module: '@namm/kv-cache', export: 'h2o', options: { budget: 512 } }, which a worker needs"
    : 'is not an eviction policy, such as h2o({ budget: 512 })';
  throw new InvalidArgumentError('policy', problem);
}

function checkOption(name: string, value: unknown, own: readonly string[]): void {
  if (name in harmless) {
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (value === null || value === undefined || value === false || isEmpty) return;
    if (harmless[name]!.includes(value)) return;
    throw new InvalidArgumentError(
      name,
      `${JSON.stringify(value)} is not supported; ${advice[name]}`,
    );
  }
  if (workerOptions.includes(name as never) && !own.includes(name) && value !== undefined) {
    throw new InvalidArgumentError(name, 'is an option only with worker: true');
  }
  checkNames('from_pretrained', { [name]: value }, [...own, ...loadingOptions]);
}

/** Revisions and folders become part of a path on this machine. */
function checkPath(name: string, value: unknown): string {
  if (
    typeof value !== 'string' ||
    value.includes('\\') ||
    value.startsWith('/') ||
    value.split('/').includes('..')
  ) {
    throw new InvalidArgumentError(
      name,
      `${JSON.stringify(value)} cannot be used; it must stay inside the model`,
    );
  }
  return value;
}
