import { expect, it } from 'vitest';
import { listOf } from './option-parsers.js';
import { createProgram } from './program.js';

it('explains itself within 60 columns', () => {
  const program = createProgram('sample', 'A sample.').option(
    '--policies-of-the-table <names>',
    'what is compared, with commas',
    listOf(String),
    ['sink-recent', 'keydiff', 'snapkv', 'pyramidkv', 'expected-attention'],
  );
  program
    .command('a-long-name-of-a-command')
    .description('does what its name says, and describes it in more words than fit on one line');
  program.configureOutput({ getOutHelpWidth: () => 60 });
  const lines = program.helpInformation().split('\n');
  expect(lines.filter((line) => line.length > 60)).toEqual([]);
  expect(lines.join(' ')).toContain('sink-recent, keydiff');
});

it('shows defaults that were read into objects by their names', () => {
  const program = createProgram('sample', 'A sample.').option(
    '--policies <names>',
    'what is compared',
    (text) => [{ name: text, budget: null }],
    [
      { name: 'h2o', budget: null },
      { name: 'keydiff', budget: null },
    ],
  );
  expect(program.helpInformation()).toContain('(default: h2o, keydiff)');
  program.option('--more <names>', 'further ones', listOf(String), []);
  expect(program.helpInformation()).toMatch(/further ones$/m);
});
