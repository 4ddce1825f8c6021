/** Python's `round(value, digits)`: exact, and to the even neighbour where both are equally near. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 100) return value;
  if (digits < 0) {
    const unit = 10 ** -digits;
    return unit === Infinity ? 0 * value : roundHalfEven(value / unit) * unit;
  }
  if (Math.abs(value) >= 1e21) return value;
  const exact = Math.abs(value).toFixed(100);
  const isTie = new RegExp(`^\\d+\\.\\d{${digits}}50*$`).test(exact);
  if (!isTie) return Number(value.toFixed(digits));
  // Cut off, the text is the lower neighbour; it stays where its last digit is even.
  const lower = exact.slice(0, exact.indexOf('.') + digits + (digits > 0 ? 1 : 0));
  const isEven = '02468'.includes(lower.at(-1)!);
  const magnitude = isEven ? Number(lower) : Number(Math.abs(value).toFixed(digits));
  return value < 0 ? -magnitude : magnitude;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
