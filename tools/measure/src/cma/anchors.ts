/** Median evaluations to 1e-8 of pycma with active weights: 31 runs in 10 dimensions, 15 in 40. */
export const anchors: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  10: {
    sphere: 1320,
    ellipsoid: 3870,
    cigar: 3840,
    discus: 2930,
    rosenbrock: 4900,
    'different-powers': 3660,
  },
  40: {
    sphere: 4875,
    ellipsoid: 48060,
    cigar: 15510,
    discus: 20175,
    rosenbrock: 60780,
    'different-powers': 46170,
  },
};

/** The same of pycma's `CMA_diagonal`: 21 runs in 10 dimensions, 15 in 40. */
export const separableAnchors: typeof anchors = {
  10: { sphere: 1100, ellipsoid: 2140, cigar: 2260, discus: 1790, 'different-powers': 1910 },
  40: { sphere: 4335, ellipsoid: 9450, cigar: 8760, discus: 6180, 'different-powers': 8340 },
};
