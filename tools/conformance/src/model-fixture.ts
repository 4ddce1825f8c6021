import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openSafetensors, type SafetensorsFile } from '@namm/tensors';

/** Positions to keep per layer and KV head, then tokens to feed. */
export interface Eviction {
  readonly new_ids: readonly number[];
  readonly keep: readonly (readonly (readonly number[])[])[];
  readonly second?: Eviction;
}

/** `fixture.json` of a text model. */
export interface ModelFacts {
  readonly input_ids: readonly number[];
  readonly greedy_ids: readonly number[];
  readonly evict: Eviction;
  readonly evict_empty_head?: Eviction;
  readonly long?: { readonly input_ids: readonly number[]; readonly prefill: number };
  readonly e2e?: {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly add_generation_prompt: boolean;
    readonly prompt_text: string;
    readonly prompt_ids: readonly number[];
    readonly greedy_ids: readonly number[];
    readonly greedy_text: string;
  };
}

/** What an independent implementation computed for a model folder. */
export interface ModelFixture {
  readonly facts: ModelFacts;
  readonly expected: SafetensorsFile;
}

/** Reads the facts of a fixture, or of the one whose weights it shares under other names. */
export async function readModelFixture(folder: string): Promise<ModelFixture> {
  const facts = await readJson(join(folder, 'fixture.json'));
  if (typeof facts.same_as === 'string') return readModelFixture(join(folder, '..', facts.same_as));
  const expected = await openSafetensors(join(folder, 'expected.safetensors'));
  return { facts: facts as unknown as ModelFacts, expected };
}

export async function readJson(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, 'utf8'));
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
