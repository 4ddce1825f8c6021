import { createProgram } from '@namm/cli';
import { expect, it } from 'vitest';
import { addCalibrateCommand } from './calibrate/calibrate-command.js';
import { addEvolveCommand } from './evolve/evolve-command.js';
import { addNanobenchCommand } from './nanobench/nanobench-command.js';
import { addDiffCommand } from './public/diff-command.js';
import { addRunCommand } from './public/run-command.js';
import { addCompareCommand } from './teach/compare-command.js';
import { addFitCommand } from './teach/fit-command.js';
import { addTuneCommand } from './teach/tune-command.js';

it.each([
  addCalibrateCommand,
  addCompareCommand,
  addDiffCommand,
  addEvolveCommand,
  addFitCommand,
  addNanobenchCommand,
  addRunCommand,
  addTuneCommand,
])('%o tells every default as it is typed', (add) => {
  const program = createProgram('bench', 'A sample.');
  add(program);
  for (const command of program.commands) {
    expect(command.helpInformation()).not.toMatch(/\[object|undefined/);
  }
});
