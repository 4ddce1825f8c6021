/** A script or style sheet with all that it imports, bundled for browsers (`inline-bundle.ts`). */
declare module '*?bundle' {
  const text: string;
  export default text;
}
