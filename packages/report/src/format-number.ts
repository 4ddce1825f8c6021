/** How numbers of an axis or column are written. */
export type NumberFormat = 'number' | 'bytes' | 'percent';

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

/**
 * Writes a number for readers: whole numbers in full with thousands separated, others with four digits;
 * bytes in powers of 1000, shares as percent.
 */
export function formatNumber(value: number, format: NumberFormat = 'number'): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞';
  if (format === 'percent') return `${plain(100 * value, 3)} %`;
  if (format === 'number') return plain(value, 4);
  let power = 0;
  while (power < byteUnits.length - 1 && Math.abs(value) >= 999.5 * 1000 ** power) power++;
  return `${plain(value / 1000 ** power, 3)} ${byteUnits[power]}`;
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
