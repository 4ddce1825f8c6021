/** Queries of one frame: the length of the Fourier transform. */
export const windowSize = 32;
/** Queries from one frame to the next. */
export const hop = 16;
/** Magnitudes of one frame: frequencies 0 … 16 of a one-sided transform of 32 values. */
export const bins = 17;
/** Queries that the next frame shares with the last one. */
export const tailSize = windowSize - hop;
/** The published decay γ of the moving average, per query. */
export const publishedDecay = 0.99;
