/** How a command ends. */
export const exitCodes = {
  /** It did what it was asked, and found a failure: a case of `conformance`, say. */
  found: 1,
  /** It was called wrongly, or could not do what it was asked. */
  failed: 2,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
