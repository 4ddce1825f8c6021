import { fail } from './template-error.js';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];
const millisecondsADay = 86_400_000;

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (day - Date.UTC(date.getFullYear(), 0, 1)) / millisecondsADay + 1;
}

/** Year and week of ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  const thursday = new Date(day + (4 - (date.getDay() || 7)) * millisecondsADay);
  const year = thursday.getUTCFullYear();
  return {
    year,
    week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / millisecondsADay / 7) + 1,
  };
}

/** A directive gives a text, or a number with its width and what fills it. */
type Part = string | readonly [number: number, width: number, fill?: string];

const directives: Readonly<Record<string, (date: Date) => Part>> = {
  a: (date) => days[date.getDay()]!.slice(0, 3),
  A: (date) => days[date.getDay()]!,
  b: (date) => months[date.getMonth()]!.slice(0, 3),
  B: (date) => months[date.getMonth()]!,
  c: (date) => strftime(date, '%a %b %e %H:%M:%S %Y'),
  C: (date) => [Math.floor(date.getFullYear() / 100), 2],
  d: (date) => [date.getDate(), 2],
  D: (date) => strftime(date, '%m/%d/%y'),
  e: (date) => [date.getDate(), 2, ' '],
  f: () => '000000',
  F: (date) => strftime(date, '%Y-%m-%d'),
  g: (date) => [isoWeek(date).year % 100, 2],
  G: (date) => [isoWeek(date).year, 4],
  h: (date) => months[date.getMonth()]!.slice(0, 3),
  H: (date) => [date.getHours(), 2],
  I: (date) => [date.getHours() % 12 || 12, 2],
  j: (date) => [dayOfYear(date), 3],
  k: (date) => [date.getHours(), 2, ' '],
  l: (date) => [date.getHours() % 12 || 12, 2, ' '],
  m: (date) => [date.getMonth() + 1, 2],
  M: (date) => [date.getMinutes(), 2],
  n: () => '\n',
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  P: (date) => (date.getHours() < 12 ? 'am' : 'pm'),
  r: (date) => strftime(date, '%I:%M:%S %p'),
  R: (date) => strftime(date, '%H:%M'),
  s: (date) => [Math.floor(date.getTime() / 1000), 1],
  S: (date) => [date.getSeconds(), 2],
  t: () => '\t',
  T: (date) => strftime(date, '%H:%M:%S'),
  u: (date) => [date.getDay() || 7, 1],
  U: (date) => [Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7), 2],
  V: (date) => [isoWeek(date).week, 2],
  w: (date) => [date.getDay(), 1],
  W: (date) => [Math.floor((dayOfYear(date) + 6 - ((date.getDay() + 6) % 7)) / 7), 2],
  x: (date) => strftime(date, '%m/%d/%y'),
  X: (date) => strftime(date, '%H:%M:%S'),
  y: (date) => [date.getFullYear() % 100, 2],
  Y: (date) => [date.getFullYear(), 1],
  z: () => '', // of a date without a time zone, as the one of transformers is
  Z: () => '',
  '%': () => '%',
};

/**
 * A date as Python's `strftime` writes it in the C locale, with the flags of Linux (`%-d`, `%_d`, `%0d`, `%^a`).
 *
 * @throws {TemplateError} for a directive that does not exist
 */
export function strftime(date: Date, format: string): string {
  return format.replace(
    /%([-_0^#]*)(\d*)([\s\S]?)/g,
    (whole, flags: string, width: string, name: string) => {
      const directive = Object.hasOwn(directives, name) ? directives[name] : undefined;
      if (!directive || width !== '' || flags.includes('#'))
        return fail(`strftime does not know '${whole}'`);
      // Microseconds are Python's own, and take no flags.
      if (name === 'f')
        return flags === ''
          ? String(date.getMilliseconds()).padStart(3, '0').padEnd(6, '0')
          : fail(`strftime does not know '${whole}'`);
      const part = directive(date);
      let text: string;
      if (typeof part === 'string') text = part;
      else {
        const [number, size, fill = '0'] = part;
        const chosen = flags.includes('-')
          ? null
          : flags.includes('_')
            ? ' '
            : flags.includes('0')
              ? '0'
              : fill;
        text = chosen === null ? String(number) : String(number).padStart(size, chosen);
      }
      return flags.includes('^') ? text.toUpperCase() : text;
    },
  );
}
