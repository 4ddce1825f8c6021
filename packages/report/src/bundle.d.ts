/** A script or style sheet with all that it imports, bundled for browsers (`scripts/inline-bundle.mjs`). */
declare module '*?bundle' {
  const text: string;
  export default text;
}
