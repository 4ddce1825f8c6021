import type { PretrainedModelOptions } from '@huggingface/transformers';
import { InvalidArgumentError } from '@namm/core';
import type { DecoderOptions } from '@namm/decoder';
import type { EvictionPolicy } from '@namm/kv-cache';

/**
 * Options of {@link NammModelForCausalLM.from_pretrained}: those of transformers.js that have a meaning here
 * (`progress_callback`, `config`, `cache_dir`, `local_files_only`, `revision`, `subfolder`), those of
 * `Decoder.load`, and the policy. Other options of transformers.js are refused unless they ask for what is
 * done anyway: `device: 'cpu'`, `dtype: 'fp32'` or `'auto'`.
 */
export interface NammModelOptions extends PretrainedModelOptions, DecoderOptions {
  /**
   * Decides what the caches of the model forget, unless a cache is made with another one.
   * @defaultValue `full()`
   */
  readonly policy?: EvictionPolicy;
  /** Stops downloading with the signal's reason; what was fetched is kept. */
  readonly signal?: AbortSignal;
}

const decoderOptions = [
  'probe',
  'chunkSize',
  'contextExtension',
  'attentionLogitFactor',
  'maximumPositions',
  'threads',
] as const satisfies readonly (keyof DecoderOptions)[];

const loadingOptions = [
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
  dtype: ['fp32', 'auto'],
  model_file_name: [],
  use_external_data_format: [],
  session_options: [],
};

const advice: Readonly<Record<string, string>> = {
  device: "everything is computed on the CPU: leave it out, or say 'cpu'",
  dtype: "weights are read from safetensors and computed in float32: leave it out, or say 'fp32'",
  model_file_name: 'no ONNX file is read: the graph is built from config.json and safetensors',
  use_external_data_format:
    'no ONNX file is read: the graph is built from config.json and safetensors',
  session_options:
    'the session is made by @namm/decoder; for the number of threads there is `threads`',
};

/** The options in the form in which they are used. */
export interface CheckedOptions {
  readonly policy: EvictionPolicy | undefined;
  readonly decoder: DecoderOptions;
  readonly subfolder: string;
  readonly revision: string;
}

/**
 * Checks the options that can be checked before anything is loaded.
 *
 * @throws {InvalidArgumentError} naming the option at fault
 */
export function checkPretrainedOptions(options: NammModelOptions): CheckedOptions {
  for (const [name, value] of Object.entries(options)) checkOption(name, value);
  const { policy, subfolder, revision } = options;
  if (policy !== undefined && typeof policy?.start !== 'function') {
    throw new InvalidArgumentError('policy', 'is no eviction policy, such as h2o({ budget: 512 })');
  }
  const decoder: Record<string, unknown> = {};
  for (const name of decoderOptions) {
    if (options[name] !== undefined) decoder[name] = options[name];
  }
  if (policy && options.probe === undefined) decoder.probe = policy.probe;
  return {
    policy,
    decoder,
    // transformers.js looks for its files in `onnx` unless told otherwise; ours are beside the configuration.
    subfolder: checkPath('subfolder', subfolder === 'onnx' ? '' : (subfolder ?? '')),
    revision: checkPath('revision', revision ?? 'main') || 'main',
  };
}

function checkOption(name: string, value: unknown): void {
  if (name in harmless) {
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    if (value === null || value === undefined || value === false || isEmpty) return;
    if (harmless[name]!.includes(value)) return;
    throw new InvalidArgumentError(
      name,
      `${JSON.stringify(value)} is not supported; ${advice[name]}`,
    );
  }
  const known: readonly string[] = [...decoderOptions, ...loadingOptions];
  if (known.includes(name) || value === undefined) return;
  throw new InvalidArgumentError(
    name,
    `is no option of from_pretrained; there are ${known.join(', ')}`,
  );
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
