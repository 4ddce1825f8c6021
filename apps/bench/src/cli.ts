#!/usr/bin/env node
import { createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';
import { addCalibrateCommand } from './calibrate/calibrate-command.js';
import { addEvolveCommand } from './evolve/evolve-command.js';
import { addNanobenchCommand } from './nanobench/nanobench-command.js';
import { addDiffCommand } from './public/diff-command.js';
import { addRunCommand } from './public/run-command.js';
import { addCompareCommand } from './teach/compare-command.js';
import { addFitCommand } from './teach/fit-command.js';
import { addTuneCommand } from './teach/tune-command.js';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('bench', 'Compares policies, and makes NAMMs for a model');
addFitCommand(program);
addCompareCommand(program);
addTuneCommand(program);
addCalibrateCommand(program);
addEvolveCommand(program);
addNanobenchCommand(program);
addRunCommand(program);
addDiffCommand(program);
await runProgram(program);
