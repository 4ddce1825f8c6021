#!/usr/bin/env node
import { createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';
import { addAskCommand } from './ask-command.js';
import { addBenchCommand } from './bench-command.js';
import { addWatchCommand } from './watch-command.js';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('video', 'Answers about videos and images, long ones too');
addAskCommand(program);
addWatchCommand(program);
addBenchCommand(program);
await runProgram(program);
