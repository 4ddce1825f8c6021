#!/usr/bin/env node
import { createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';
import { addCollectCommand } from './collect-command.js';
import { addEvaluateCommand } from './evaluate-command.js';
import { addEvolveCommand } from './evolve-command.js';
import { addTableCommand } from './table-command.js';
import { addTransferCommand } from './transfer-command.js';
import { addWatchCommand } from './watch-command.js';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('rl', 'Agents whose memory forgets, in memory tasks and physics');
addEvaluateCommand(program);
addTableCommand(program);
addCollectCommand(program);
addTransferCommand(program);
addEvolveCommand(program);
addWatchCommand(program);
await runProgram(program);
