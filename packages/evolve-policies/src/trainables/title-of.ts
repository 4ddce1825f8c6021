import type { TrainableSettings } from './trainable-settings.js';

/** What is evolved, in words. */
export function titleOf(trainable: TrainableSettings): string {
  if (trainable.kind === 'key-norm') return 'a policy that sees key norms and ages';
  const names = { bam: 'a NAMM', mlp: 'a NAMM with an MLP', linear: 'a NAMM with a linear scorer' };
  const name = names[trainable.scorer.kind];
  return trainable.scorerParameters ? `the head bias of ${name}` : name;
}
