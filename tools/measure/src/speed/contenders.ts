import type { PolicyChoice } from '@namm/cli';
import type { MeasureRequest } from './measure-request.js';

/** Who is measured, in the order of the table. */
export const contenders = [
  ...(['transformers.js', 'transformers.js-q4', 'node-llama-cpp', 'ours', 'ours-quarter'] as const),
  ...(['ours-q8', 'ours-q8-quarter', 'ours-q4', 'ours-q4-quarter'] as const),
  'ours-policy',
] as const;
export type Contender = (typeof contenders)[number];

/** Those that are measured unless others are asked for: the weights in float32, or as a GGUF file has them. */
export const usual: readonly Contender[] = [
  ...(['transformers.js', 'node-llama-cpp', 'ours', 'ours-quarter'] as const),
];

/** Those whose time is divided by ours. */
export const isPeer = (contender: Contender): boolean => !contender.startsWith('ours');

/** Those that should compute the same as ours in float32, and give no figures if they do not. */
export const isHeldToOurs = (contender: Contender): boolean =>
  contender === 'transformers.js' || contender === 'node-llama-cpp';

/**
 * How far apart the logits of two tokens may be that ours and a peer choose differently. llama.cpp keeps
 * keys and values in half precision.
 */
export const tieTolerance = (peer: Contender): number => (peer === 'node-llama-cpp' ? 0.2 : 1e-2);

/** Where the models and node-llama-cpp are. */
export interface Folders {
  /** A folder, or a GGUF file. */
  readonly ours: string;
  readonly transformersJs: string;
  readonly transformersJsQ4: string;
  /** A file. */
  readonly gguf: string;
  readonly nodeLlamaCpp: string;
}

/**
 * What a process has to do to measure a contender.
 *
 * @param chosen the policy of `ours-policy`
 */
export function requestOf(
  contender: Contender,
  folders: Folders,
  sizes: Omit<MeasureRequest, 'runtime' | 'model' | 'installation' | 'policy' | 'dtype'>,
  chosen: Omit<PolicyChoice, 'folder' | 'seed'> = {},
): MeasureRequest {
  const { seed } = sizes;
  const policy: PolicyChoice = { policy: 'full', seed };
  const plain = { ...sizes, installation: '', policy, dtype: 'auto' } as const;
  switch (contender) {
    case 'transformers.js':
      return { ...plain, runtime: 'transformers.js', model: folders.transformersJs };
    case 'transformers.js-q4':
      return { ...plain, runtime: 'transformers.js', model: folders.transformersJsQ4 };
    case 'node-llama-cpp': {
      const { gguf: model, nodeLlamaCpp: installation } = folders;
      return { ...plain, runtime: contender, model, installation };
    }
    default: {
      const quarter = String(Math.max(1, Math.floor(sizes.length / 4)));
      return {
        ...{ ...plain, runtime: 'ours', model: folders.ours },
        ...(contender.endsWith('quarter') && {
          policy: { policy: 'sink-recent', budget: quarter, seed },
        }),
        ...(contender === 'ours-policy' && { policy: { ...chosen, folder: folders.ours, seed } }),
        dtype: contender.includes('q8') ? 'q8' : contender.includes('q4') ? 'q4' : 'auto',
      };
    }
  }
}
