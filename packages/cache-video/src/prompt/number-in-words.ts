const small = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'],
  ...['eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen'],
  'nineteen',
];
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/**
 * A number as SmolVLM's prompts spell it: `sixty-four`, `one hundred and one`, `one thousand, two hundred`.
 *
 * @param number whole, from 0 to below a million
 */
export function numberInWords(number: number): string {
  if (number < 20) return small[number]!;
  if (number < 100) {
    const ones = number % 10;
    return tens[Math.floor(number / 10)]! + (ones > 0 ? `-${small[ones]}` : '');
  }
  const [unit, name] = number < 1000 ? [100, 'hundred'] : [1000, 'thousand'];
  const rest = number % unit;
  const first = `${numberInWords(Math.floor(number / unit))} ${name}`;
  if (rest === 0) return first;
  return `${first}${rest < 100 ? ' and' : ','} ${numberInWords(rest)}`;
}
