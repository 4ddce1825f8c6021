import { InvalidArgumentError, Option } from 'commander';
import { expect, it } from 'vitest';
import { createProgram } from './program.js';

/** What a program says of wrong arguments. */
function refusalOf(words: string[]): string {
  let said = '';
  const program = createProgram('sample', 'A sample.').option('--seed <n>', 'of draws');
  program.action(() => {});
  program
    .command('fit')
    .argument('<source>', 'what is read')
    .requiredOption('-o, --out <file>', 'what is written')
    .requiredOption('--model <name>', 'of what')
    .option('--max-tokens <n>', 'most')
    .option('--compact', 'closes gaps')
    .option('--no-compact', 'leaves gaps')
    .option('--text <files...>', 'read')
    .addOption(new Option('--dtype <name>', 'of weights').choices(['fp32', 'q8']))
    .option('--count <n>', 'how many', (text) => {
      if (text === 'y') throw new InvalidArgumentError("count: 'y' is wrong.");
      if (text !== '1') throw new InvalidArgumentError("'x' is not a number.");
      return text;
    })
    .action(() => {});
  program.command('compare').option('--seed <n>', 'of draws').exitOverride();
  const write = (text: string) => {
    said += text;
  };
  for (const each of [program, ...program.commands])
    each.configureOutput({ writeErr: write, writeOut: () => {} });
  expect(() => program.parse(words, { from: 'user' })).toThrow();
  return said;
}

it.each([
  ['fit a --out b', '--model: is missing'],
  ['fit', '--out, --model, <source>: are missing'],
  ['fit --out b --model c', '<source>: is missing'],
  ['fit a --uot b', "unknown option '--uot' (Did you mean --out?); --model: is missing"],
  [
    'fit a --otu b --mdoel c --magic d',
    "unknown options '--otu' (Did you mean --out?), '--mdoel' (Did you mean --model?), '--magic'",
  ],
  [
    'fit a --out b --model c --max-new-tokens=4',
    "unknown option '--max-new-tokens' (Did you mean --max-tokens?)",
  ],
  ['fit a --model c -x -o b', "unknown option '-x'"],
  ['fit a --out', '--out: needs a value'],
  ['fit a --out b --model c --count x', "--count: 'x' is not a number"],
  ['fit a --out b --model c --count y', "--count: 'y' is wrong"],
  [
    'fit a --count x --modle c --dtype q9',
    "unknown option '--modle' (Did you mean --model?); --count: 'x' is not a number; --dtype: 'q9' is none of fp32, q8; did you mean 'q8'?; --out: is missing",
  ],
  ['fit a --out b --model c --count 1 --count 1', '--count: is given twice'],
  ['fit a --out b --model c --model d --model e', '--model: is given twice'],
  ['fit a --out b --model c --compact --no-compact', '--no-compact: contradicts --compact'],
  [
    'fti',
    "'fti' is not a command (Did you mean fit?), nor does it belong to an option; --help shows what there is",
  ],
  ['--out b fit', "unknown option '--out' (it is one of fit, behind that word)"],
  ['--seed 1 fit a --out b', "--seed: stands before 'fit'; 'fit' has no such option"],
  ['--seed 1 compare', "--seed: stands before 'compare'; write it behind the command"],
])('refuses at once all that is wrong with "%s"', (words, text) => {
  expect(refusalOf(words.split(' '))).toBe(`sample: ${text}\n`);
});

it('takes a list that is given in pieces, and help beside a wrong value', () => {
  const program = createProgram('sample', 'A sample.').option('--text <files...>', 'read');
  program.action(() => {});
  program.parse(['--text', 'a', 'b', '--text', 'c'], { from: 'user' });
  expect(program.opts()).toEqual({ text: ['a', 'b', 'c'] });
  program.parse(['--text', 'a'], { from: 'user' });
  expect(refusalOf(['fit', '--count', 'x', '--help'])).toBe('');
});
