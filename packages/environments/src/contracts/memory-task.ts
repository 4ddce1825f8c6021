import type { Agent } from './agent.js';
import type { Environment } from './environment.js';

/** An environment that only an agent with a memory can solve; it knows how good one can be. */
export interface MemoryTask extends Environment {
  /** What the oracle reaches, in every episode. */
  readonly bestReturn: number;
  /** What the best agent without a memory reaches on average. */
  readonly memorylessReturn: number;
  /** Solves every episode, from the observations and its memory of them. */
  oracle(): Agent;
  /** Does the best that can be done from the present observation alone. */
  memoryless(): Agent;
}
