#!/usr/bin/env node
import { addCommands, createProgram, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('video', 'Answers about videos and images, long ones too');
await addCommands(program, {
  ask: async (to) => (await import('./ask-command.js')).addAskCommand(to),
  watch: async (to) => (await import('./watch-command.js')).addWatchCommand(to),
  bench: async (to) => (await import('./bench-command.js')).addBenchCommand(to),
});
await runProgram(program);
