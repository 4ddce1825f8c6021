/**
 * When policies evict: `while-reading`, after every chunk of the prompt; or once, `after-context`, behind the prompt without
 * its question, which is read afterwards with all that is left, as kvpress and the tables made with it do; or once,
 * `after-prompt`, with the question in sight, as SnapKV was published. Where they evict once, the question and the answer
 * stay whole.
 */
export type EvictionTime = (typeof evictionTimes)[number];

export const evictionTimes = ['while-reading', 'after-context', 'after-prompt'] as const;
