import type { EnvironmentSettings } from '../create-environment.js';

/** What a data set made here says of itself. */
export interface DataSetInfo {
  /** Environment, style and the mean return that the data reach, such as `hopper-medium-1687`. */
  readonly name: string;
  readonly environment: EnvironmentSettings;
  /** How the actions were chosen, in words. */
  readonly collected: string;
  readonly seed: number;
  readonly episodes: number;
  readonly steps: number;
  /** Episodes whose simulation broke down; none of their steps is in the data. */
  readonly failed: number;
  readonly returns: { readonly mean: number; readonly minimum: number; readonly maximum: number };
  readonly observationSize: number;
  readonly actionSize: number;
  readonly actions: 'discrete' | 'continuous';
}

/** Names the format in the header of the file. */
export const dataSetFormat = 'namm-episodes-1';
