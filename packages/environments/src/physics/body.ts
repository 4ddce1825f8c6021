/** A body with its task: run forwards. All that Hopper, HalfCheetah and Walker2d differ in. */
export interface Body {
  readonly name: string;
  /** For MuJoCo 3.14. The first three joints are x, z and pitch; geom 0 is the floor, all others capsules. */
  readonly xml: string;
  /** Physics steps in one step of the environment. */
  readonly frameSkip: number;
  /** Half-widths of the uniform noise at the start, or the standard deviation where it is normal. */
  readonly resetNoise: {
    readonly positions: number;
    readonly velocities: number;
    readonly normalVelocities: boolean;
  };
  /** Velocities are cut to ± this in observations. */
  readonly velocityLimit: number;
  /** Reward of each step beside the speed. */
  readonly survivalReward: number;
  /** Taken off the reward, times the sum of squares of the action. */
  readonly controlCost: number;
  /** Whether the episode goes on. */
  healthy(positions: Float64Array, velocities: Float64Array): boolean;
}
