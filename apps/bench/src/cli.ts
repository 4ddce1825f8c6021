#!/usr/bin/env node
import { addCommands, createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('bench', 'Compares policies, and makes NAMMs for a model');
await addCommands(program, {
  fit: async (to) => (await import('./teach/fit-command.js')).addFitCommand(to),
  compare: async (to) => (await import('./teach/compare-command.js')).addCompareCommand(to),
  tune: async (to) => (await import('./teach/tune-command.js')).addTuneCommand(to),
  calibrate: async (to) =>
    (await import('./calibrate/calibrate-command.js')).addCalibrateCommand(to),
  evolve: async (to) => (await import('./evolve/evolve-command.js')).addEvolveCommand(to),
  nanobench: async (to) =>
    (await import('./nanobench/nanobench-command.js')).addNanobenchCommand(to),
  run: async (to) => (await import('./public/run-command.js')).addRunCommand(to),
  diff: async (to) => (await import('./public/diff-command.js')).addDiffCommand(to),
});
await runProgram(program);
