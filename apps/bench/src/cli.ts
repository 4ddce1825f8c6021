#!/usr/bin/env node
import { enableRelaxedSimd } from '@namm/core';
import { Command, CommanderError } from 'commander';
import { addCalibrateCommand } from './calibrate/calibrate-command.js';
import { addCmaCommand } from './cma/cma-command.js';
import { addConformanceCommand } from './conformance/conformance-command.js';
import { addEndlessCommand } from './endless/endless-command.js';
import { addEvolveCommand } from './evolve/evolve-command.js';
import { addEvolveSpeedCommand } from './evolve-speed/evolve-speed-command.js';
import { addKeptCommand } from './kept/kept-command.js';
import { addNanobenchCommand } from './nanobench/nanobench-command.js';
import { addPrefillCommand } from './prefill/prefill-command.js';
import { addResponsivenessCommand } from './responsiveness/responsiveness-command.js';
import { addScorerCommand } from './scorer/scorer-command.js';
import { addSpeedCommand } from './speed/speed-command.js';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = new Command('bench')
  .description('Compares the packages with recorded numbers, and measures them')
  .enablePositionalOptions() // options belong to the command that they stand behind
  .exitOverride(); // so that a wrong call does not exit with 1, which says that a case failed
addCalibrateCommand(program);
addCmaCommand(program);
addConformanceCommand(program);
addEndlessCommand(program);
addEvolveCommand(program);
addEvolveSpeedCommand(program);
addKeptCommand(program);
addNanobenchCommand(program);
addPrefillCommand(program);
addResponsivenessCommand(program);
addScorerCommand(program);
addSpeedCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  const explained = error instanceof CommanderError; // by commander itself, as its help is
  if (!explained) console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = explained && error.exitCode === 0 ? 0 : 2;
}
