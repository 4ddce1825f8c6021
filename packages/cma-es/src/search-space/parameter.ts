/** A number between two others. */
export interface LinearParameter {
  readonly kind: 'linear';
  readonly low: number;
  readonly high: number;
  /** Where the search begins. @defaultValue the middle */
  readonly start?: number;
}

/** A number on a logarithmic scale, such as a learning rate or a regularisation strength. Both limits are above 0. */
export interface LogParameter {
  readonly kind: 'log';
  readonly low: number;
  readonly high: number;
  /** @defaultValue the geometric middle */
  readonly start?: number;
}

/** A whole number, including the limits. */
export interface IntegerParameter {
  readonly kind: 'integer';
  readonly low: number;
  readonly high: number;
  /** @defaultValue the middle, or the larger of the middle two */
  readonly start?: number;
}

/** What a choice may be. */
export type Choice = string | number | boolean | null;

/** One of several values, ordered so that neighbours are similar: `[16, 32, 64]`, `['small', 'medium', 'large']`. */
export interface OrdinalParameter {
  readonly kind: 'ordinal';
  readonly choices: readonly Choice[];
  /** @defaultValue the middle one, or the later of the middle two */
  readonly start?: Choice;
}

/** One of several values without an order. */
export interface CategoricalParameter {
  readonly kind: 'categorical';
  readonly choices: readonly Choice[];
  /** @defaultValue none is preferred */
  readonly start?: Choice;
}

/** A parameter of a search. */
export type Parameter =
  | LinearParameter
  | LogParameter
  | IntegerParameter
  | OrdinalParameter
  | CategoricalParameter;

/** The values that a parameter may have. */
export type ValueOf<One extends Parameter> = One extends {
  readonly choices: readonly (infer Value)[];
}
  ? Value
  : number;
