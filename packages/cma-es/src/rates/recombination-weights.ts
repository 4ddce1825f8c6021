/** Weights before they are scaled, and what follows from them alone. */
export interface RawWeights {
  /** By rank, best first: ln((λ + 1) / 2) − ln(rank), so about half are negative. */
  readonly values: readonly number[];
  /** Parents: how many weights count as positive. */
  readonly parents: number;
  /** Variance-effective number of parents, μ_eff (equation 8 of the tutorial). */
  readonly effective: number;
  /** The same of the negative weights, μ_eff⁻. */
  readonly effectiveNegative: number;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** (Σ w)² / Σ w²: how many equal weights would average as well. */
export function effectiveNumber(weights: readonly number[]): number {
  const squares = sum(weights.map((weight) => weight * weight));
  return squares === 0 ? 0 : sum(weights) ** 2 / squares;
}

/**
 * Raw weights w' of equation 49 of the tutorial (arXiv 1604.00772).
 *
 * @param round applied to each weight: the reference NAMM implementation rounds to single precision
 */
export function rawWeights(
  populationSize: number,
  round: (weight: number) => number = (weight) => weight,
): RawWeights {
  const values = Array.from({ length: populationSize }, (_, rank) =>
    round(Math.log((populationSize + 1) / 2) - Math.log(rank + 1)),
  );
  const parents = Math.floor(populationSize / 2);
  return {
    values,
    parents,
    effective: effectiveNumber(values.slice(0, parents)),
    effectiveNegative: effectiveNumber(values.slice(parents)),
  };
}

/**
 * Final weights: the positive ones sum to 1, the negative ones to −min(α_μ⁻, α_μeff⁻, α_posdef⁻)
 * (equations 50 to 53): so much that the covariance matrix neither decays by itself, nor can lose
 * positive definiteness.
 *
 * @param definite the update keeps the matrix positive definite by itself: the last bound falls away
 */
export function activeWeights(
  { values, effective, effectiveNegative }: RawWeights,
  dimension: number,
  { rankOne, rankMu }: { readonly rankOne: number; readonly rankMu: number },
  { definite = false }: { readonly definite?: boolean } = {},
): number[] {
  const positive = sum(values.filter((weight) => weight > 0));
  const negative = -sum(values.filter((weight) => weight < 0));
  const scale = Math.min(
    1 + rankOne / rankMu,
    1 + (2 * effectiveNegative) / (effective + 2),
    definite ? Number.POSITIVE_INFINITY : (1 - rankOne - rankMu) / (dimension * rankMu),
  );
  return values.map((weight) =>
    weight >= 0 ? weight / positive : (weight * Math.max(0, scale)) / negative,
  );
}

/** Final weights without negative ones: zero from the middle rank on. */
export function positiveWeights({ values, parents }: RawWeights): number[] {
  const positive = sum(values.slice(0, parents));
  return values.map((weight, rank) => (rank < parents ? weight / positive : 0));
}
