#!/usr/bin/env node
import { addCommands, createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('rl', 'Agents whose memory forgets, in memory tasks and physics');
await addCommands(program, {
  evaluate: async (to) => (await import('./evaluate-command.js')).addEvaluateCommand(to),
  table: async (to) => (await import('./table-command.js')).addTableCommand(to),
  collect: async (to) => (await import('./collect-command.js')).addCollectCommand(to),
  transfer: async (to) => (await import('./transfer-command.js')).addTransferCommand(to),
  evolve: async (to) => (await import('./evolve-command.js')).addEvolveCommand(to),
  watch: async (to) => (await import('./watch-command.js')).addWatchCommand(to),
});
await runProgram(program);
