import { badInput } from './bad-input.js';
import { bam } from './bam.js';
import { baselines } from './baselines.js';
import { ckpt } from './ckpt.js';
import { cma } from './cma.js';
import type { ConformanceKind } from './conformance-kind.js';
import { e2e } from './e2e.js';
import { features } from './features.js';
import { metrics } from './metrics.js';
import { models } from './models.js';
import { mujoco } from './mujoco.js';
import { rope } from './rope.js';
import { tokenizers } from './tokenizers.js';

/** Every kind the command knows. A folder may be a fixture of several. */
export const kinds: readonly ConformanceKind[] = [
  models,
  rope,
  tokenizers,
  badInput,
  baselines,
  features,
  bam,
  ckpt,
  e2e,
  cma,
  mujoco,
  metrics,
];
