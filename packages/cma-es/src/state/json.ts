/** JSON keeps no infinities, which limits may be. */
function encodeNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  return { number: String(value) };
}

function decodeNumber(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('number' in value)) return value;
  return Number(value.number);
}

/** Plain data as JSON, with NaN and infinities kept. */
export const toJson = (value: unknown) => JSON.stringify(value, encodeNumber);

/** What {@link toJson} wrote; undefined for text that is not JSON. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text, decodeNumber);
  } catch {
    return undefined;
  }
}
