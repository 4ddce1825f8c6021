/** Python's `round(value, digits)`: exact, and to the even neighbour where both are equally near. */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 100) return value;
  if (digits < 0) {
    const unit = 10 ** -digits;
    return unit === Infinity ? 0 * value : roundHalfEven(value / unit) * unit;
  }
  if (Math.abs(value) >= 1e21) return value;
  const magnitude = Number(fixedDigits(Math.abs(value), digits));
  return value < 0 || Object.is(value, -0) ? -magnitude : magnitude;
}

/**
 * `value.toFixed(digits)`, but to the even neighbour where both are equally near; `toFixed` takes the upper.
 *
 * @param value from 0 to below 1e21
 * @param digits from 0 to 100
 */
export function fixedDigits(value: number, digits: number): string {
  const exact = value.toFixed(100);
  const isTie = new RegExp(`^\\d+\\.\\d{${digits}}50*$`).test(exact);
  // Cut off, the text is the lower neighbour; it stays where its last digit is even.
  const lower = exact.slice(0, exact.indexOf('.') + digits + (digits > 0 ? 1 : 0));
  return isTie && isEven(lower) ? lower : value.toFixed(digits);
}

/** `value.toExponential(digits)` with the same rule. @param value not negative, finite */
export function exponentialDigits(value: number, digits: number): string {
  const [exact, power] = value.toExponential(100).split('e') as [string, string];
  const isTie = new RegExp(`^\\d\\.\\d{${digits}}50*$`).test(exact);
  const lower = exact.slice(0, digits > 0 ? digits + 2 : 1);
  return isTie && isEven(lower) ? `${lower}e${power}` : value.toExponential(digits);
}

function isEven(digits: string): boolean {
  return '02468'.includes(digits.at(-1)!);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
