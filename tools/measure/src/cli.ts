#!/usr/bin/env node
import { createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';
import { addHopperCommand } from './bodies/hopper-command.js';
import { addCmaCommand } from './cma/cma-command.js';
import { addEndlessCommand } from './endless/endless-command.js';
import { addEpisodesCommand } from './episodes/episodes-command.js';
import { addEvolveSpeedCommand } from './evolve-speed/evolve-speed-command.js';
import { addKeptCommand } from './kept/kept-command.js';
import { addLongMazeCommand } from './long-maze/long-maze-command.js';
import { addPrefillCommand } from './prefill/prefill-command.js';
import { addResponsivenessCommand } from './responsiveness/responsiveness-command.js';
import { addScorerCommand } from './scorer/scorer-command.js';
import { addServingCommand } from './serving/serving-command.js';
import { addInstallCommand } from './speed/install-command.js';
import { addSpeedCommand } from './speed/speed-command.js';
import { addVideoCommand } from './video/video-command.js';
import { addWatchCommand } from './watch/watch-command.js';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('measure', 'Measures the packages, beside peers');
addCmaCommand(program);
addEndlessCommand(program);
addEpisodesCommand(program);
addEvolveSpeedCommand(program);
addHopperCommand(program);
addKeptCommand(program);
addLongMazeCommand(program);
addPrefillCommand(program);
addResponsivenessCommand(program);
addScorerCommand(program);
addServingCommand(program);
addSpeedCommand(program);
addInstallCommand(program);
addVideoCommand(program);
addWatchCommand(program);
await runProgram(program);
