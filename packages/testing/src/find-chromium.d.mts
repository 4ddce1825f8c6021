// For packages whose TypeScript reads no JavaScript.
export function findChromium(): string | null;
