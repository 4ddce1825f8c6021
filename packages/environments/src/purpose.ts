/** First stream number of everything random in this package, so that no two purposes share a stream. */
export const purpose = {
  cue: 0,
  symbols: 1,
  distractors: 2,
  places: 3,
  noise: 4,
  reset: 5,
  hidden: 6,
  agent: 7,
  directions: 8,
  rollouts: 9,
  collection: 10,
  evaluation: 11,
} as const;
