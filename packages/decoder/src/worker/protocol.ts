import type { ProgressEvent, RetentionRecord } from '@namm/core';
import type {
  CacheMemory,
  CacheShape,
  Probe,
  ProtectedSpan,
  RetentionTexts,
  StepItem,
  StepResult,
} from '@namm/kv-cache';
import type { DecoderOptions } from '../decoder-options.js';
import type { DecoderSpec } from '../spec/decoder-spec.js';
import type { PortableError } from './portable-error.js';
import type { RestoreWorkerCacheOptions, WorkerCacheOptions } from './worker-cache-options.js';
import type { WorkerPolicy } from './worker-policy.js';

/** What the caller learns of a model when it is loaded. */
export interface LoadedModel {
  readonly spec: DecoderSpec;
  readonly probe: Probe;
  readonly chunkSize: number;
  readonly cacheShape: CacheShape;
}

/** A cache in the worker: its number there, its shape, and the tokens it has seen. */
export interface RemoteCache {
  readonly id: number;
  readonly shape: CacheShape;
  readonly seen: number;
}

/** How a step ended, and what its caches have seen by then, in the order of the items. */
export type StepAnswer = { readonly seen: readonly number[] } & (
  | { readonly kind: 'done'; readonly results: readonly StepResult[] }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: PortableError }
);

/** What can be asked of the worker. */
export interface Methods {
  load: {
    parameters: {
      readonly path: string;
      readonly options: Omit<DecoderOptions, 'probe' | 'runtime'> & {
        readonly probe?: Probe | WorkerPolicy;
      };
    };
    answer: LoadedModel;
  };
  createCache: { parameters: WorkerCacheOptions; answer: RemoteCache };
  step: {
    parameters: {
      /** Caches by number. */
      readonly items: readonly StepItem<number>[];
      /** One Int32; the step stops before its next chunk once it is 1. */
      readonly stop: SharedArrayBuffer;
      readonly reportProgress: boolean;
    };
    answer: StepAnswer;
  };
  restoreCache: {
    parameters: { readonly path: string; readonly options: RestoreWorkerCacheOptions };
    answer: RemoteCache;
  };
  retention: {
    parameters: { readonly cache: number; readonly texts: RetentionTexts };
    answer: RetentionRecord;
  };
  memory: { parameters: number; answer: CacheMemory };
  cacheBytes: { parameters: null; answer: number };
  protect: {
    parameters: { readonly cache: number; readonly spans: readonly ProtectedSpan[] };
    answer: undefined;
  };
  fork: { parameters: number; answer: RemoteCache };
  save: { parameters: { readonly cache: number; readonly path: string }; answer: undefined };
  releaseCache: { parameters: number; answer: undefined };
}

export type Method = keyof Methods;

/** To the worker. */
export interface Call<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly parameters: Methods[M]['parameters'];
}

/** From the worker, about the call of that id. */
export type Message = { readonly id: number } & (
  | { readonly kind: 'progress'; readonly event: ProgressEvent }
  | { readonly kind: 'answer'; readonly answer: Methods[Method]['answer'] }
  | { readonly kind: 'failure'; readonly error: PortableError }
);
