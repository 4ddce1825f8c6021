import {
  type BudgetInput,
  type EvictionPolicy,
  everyKth,
  full,
  h2o,
  infiniPotV,
  keyDiff,
  l2Norm,
  type Probe,
  random,
  sinkRecent,
  snapKV,
  tova,
} from '@namm/kv-cache';

/** Where the frames of a video are in the sequence. */
export interface VideoTokens {
  /** Number of the first token of the first frame. */
  readonly firstToken: number;
  /** From the first token of a frame to that of the next; of all tokens when there is one frame. */
  readonly tokensPerFrame: number;
  /** Tokens read when the questions are asked. */
  readonly seen: number;
}

/** A contender on videos: a policy, or another way to hold less. */
export interface VideoContender {
  /** As it stands in the table. */
  readonly name: string;
  /** Distinguishes it from others with the same name; part of the results' keys. */
  readonly version?: string;
  readonly probe: Probe;
  /** The policy with its own decision of how much stays; absent if it needs a budget. */
  readonly own?: (tokens: VideoTokens) => EvictionPolicy;
  /** The policy under a budget; absent when it takes none. */
  readonly within?: (budget: BudgetInput, tokens: VideoTokens) => EvictionPolicy;
  /** Whether a budget means fewer frames, all of whose tokens stay. */
  readonly thinsFrames?: boolean;
}

/** The full cache, the reference for the others. */
export const fullVideo: VideoContender = {
  name: 'full',
  probe: { kind: 'none' },
  own: () => full(),
};

/** Fewer frames, at equal distances, with a full cache: the baseline that needs no policy. */
export const fewerFrames: VideoContender = {
  name: 'fewer frames',
  probe: { kind: 'none' },
  within: () => full(),
  thinsFrames: true,
};

/**
 * Contenders without training: fewer frames, and the policies of `@namm/kv-cache` with the settings of their papers.
 *
 * @param seed of the random policy
 */
export function classicVideoContenders(seed: number): VideoContender[] {
  const tokens = { firstToken: 0, tokensPerFrame: 1, seen: 1 };
  const contender = (
    name: string,
    within: (budget: BudgetInput, tokens: VideoTokens) => EvictionPolicy,
  ): VideoContender => ({
    name,
    probe: within(1, tokens).probe,
    within,
  });
  return [
    fewerFrames,
    contender('every-kth', (budget) => everyKth({ budget })),
    contender('sink-recent', (budget) => sinkRecent({ budget })),
    { ...contender('random', (budget) => random({ budget, seed })), version: `seed ${seed}` },
    contender('l2', (budget) => l2Norm({ budget })),
    contender('l2-highest', (budget) => l2Norm({ budget, keep: 'highest' })),
    contender('keydiff', (budget) => keyDiff({ budget })),
    contender('h2o', (budget) => h2o({ budget })),
    contender('snapkv', (budget) => snapKV({ budget })),
    contender('tova', (budget) => tova({ budget })),
    contender('infinipot-v', (budget, { firstToken, tokensPerFrame }) =>
      infiniPotV({ budget, firstToken, tokensPerFrame }),
    ),
  ];
}
