import type { MeasureRequest } from './measure-request.js';

/** Who is measured, in the order of the table. */
export const contenders = ['transformers.js', 'node-llama-cpp', 'ours', 'ours-quarter'] as const;
export type Contender = (typeof contenders)[number];

/** Those who should compute the same as ours, and whose time is divided by ours. */
export const isPeer = (contender: Contender): boolean =>
  contender === 'transformers.js' || contender === 'node-llama-cpp';

/**
 * How far apart the logits of two tokens may be that ours and a peer choose differently. llama.cpp keeps
 * keys and values in half precision.
 */
export const tieTolerance = (peer: Contender): number => (peer === 'node-llama-cpp' ? 0.2 : 1e-2);

/** Where the models and node-llama-cpp are. */
export interface Folders {
  readonly ours: string;
  readonly transformersJs: string;
  readonly gguf: string;
  readonly nodeLlamaCpp: string;
}

/** What a process has to do to measure a contender. */
export function requestOf(
  contender: Contender,
  folders: Folders,
  sizes: Omit<MeasureRequest, 'runtime' | 'folder' | 'installation' | 'budget'>,
): MeasureRequest {
  const plain = { ...sizes, installation: '', budget: null };
  const ours = { ...plain, runtime: 'ours', folder: folders.ours } as const;
  switch (contender) {
    case 'transformers.js':
      return { ...plain, runtime: contender, folder: folders.transformersJs };
    case 'node-llama-cpp': {
      const { gguf: folder, nodeLlamaCpp: installation } = folders;
      return { ...plain, runtime: contender, folder, installation };
    }
    case 'ours':
      return ours;
    case 'ours-quarter':
      return { ...ours, budget: Math.max(1, Math.floor(sizes.length / 4)) };
  }
}
