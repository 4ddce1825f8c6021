/** How numbers of an axis or column are written. */
export type NumberFormat = 'number' | 'bytes' | 'percent';

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Digits of a number that is not whole. */
const usualDigits: Readonly<Record<NumberFormat, number>> = { number: 4, bytes: 3, percent: 3 };

/**
 * Writes a number for readers: whole numbers in full with thousands separated, others with four digits;
 * bytes in powers of 1000, shares as percent.
 *
 * @param digits of numbers that are not whole; four, or three of bytes and percent, if left out
 */
export function formatNumber(
  value: number,
  format: NumberFormat = 'number',
  digits: number = usualDigits[format],
): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞';
  if (format === 'percent') return `${plain(100 * value, digits)} %`;
  if (format === 'number') return plain(value, digits);
  let power = 0;
  while (power < byteUnits.length - 1 && Math.abs(value) >= 999.5 * 1000 ** power) power++;
  return `${plain(value / 1000 ** power, digits)} ${byteUnits[power]}`;
}

/**
 * Writes numbers that stand together, such as those of an axis, so that different ones look different: with
 * more digits where the usual ones do not tell them apart.
 */
export function formatApart(values: readonly number[], format?: NumberFormat): string[] {
  const different = new Set(values).size;
  let texts = values.map((value) => formatNumber(value, format));
  for (let digits = 5; digits <= 15 && new Set(texts).size < different; digits++) {
    texts = values.map((value) => formatNumber(value, format, digits));
  }
  return texts;
}

/**
 * A way to write the numbers of a table's column: with the same number of decimals each, so that they can be
 * compared at a glance. Where that would hide small ones, and in columns of whole numbers, each is written by
 * itself.
 */
export function columnFormat(
  values: readonly number[],
  format: NumberFormat = 'number',
): (value: number) => string {
  const own = (value: number) => formatNumber(value, format);
  const scale = format === 'percent' ? 100 : 1;
  const sizes = values.filter(Number.isFinite).map((value) => Math.abs(scale * value));
  if (format === 'bytes' || sizes.every(Number.isInteger)) return own;
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const places = Math.max(0, Math.floor(Math.log10(largest))); // before the point, beyond the first
  const decimals = format === 'percent' ? 1 : Math.max(0, 3 - places);
  if (largest >= 1e6 || sizes.some((size) => size > 0 && size < 0.5 * 10 ** -decimals)) return own;
  return (value) => {
    if (!Number.isFinite(value)) return own(value);
    const sign = value < 0 ? '−' : '';
    const [whole, fraction] = Math.abs(scale * value)
      .toFixed(decimals)
      .split('.');
    const text = sign + grouped(whole!) + (fraction === undefined ? '' : `.${fraction}`);
    return format === 'percent' ? `${text} %` : text;
  };
}

function plain(value: number, digits: number): string {
  const magnitude = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (Number.isInteger(value) && magnitude < 1e15) return sign + grouped(String(magnitude));
  if (magnitude < 1e-4 || magnitude >= 1e9) {
    const [mantissa, exponent] = magnitude.toExponential(digits - 1).split('e');
    return `${sign + Number(mantissa)}e${Number(exponent)}`;
  }
  const before = Math.max(1, Math.floor(Math.log10(magnitude)) + 1);
  const rounded =
    magnitude >= 1
      ? magnitude.toFixed(Math.max(0, digits - before))
      : magnitude.toPrecision(digits);
  const [whole, fraction] = String(Number(rounded)).split('.');
  return sign + grouped(whole!) + (fraction === undefined ? '' : `.${fraction}`);
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
