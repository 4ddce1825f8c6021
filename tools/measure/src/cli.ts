#!/usr/bin/env node
import { addCommands, createProgram, type LazyCommands, runProgram } from '@namm/cli';
import { enableRelaxedSimd } from '@namm/core';

enableRelaxedSimd(); // scorers are a third faster with it on Node 20

const program = createProgram('measure', 'Measures the packages, beside peers');
// These add a hidden command too, which they run in processes of their own.
const responsiveness: LazyCommands[string] = async (to) =>
  (await import('./responsiveness/responsiveness-command.js')).addResponsivenessCommand(to);
const large: LazyCommands[string] = async (to) =>
  (await import('./large/large-command.js')).addLargeCommand(to);
const serving: LazyCommands[string] = async (to) =>
  (await import('./serving/serving-command.js')).addServingCommand(to);
const speed: LazyCommands[string] = async (to) =>
  (await import('./speed/speed-command.js')).addSpeedCommand(to);
const video: LazyCommands[string] = async (to) =>
  (await import('./video/video-command.js')).addVideoCommand(to);
await addCommands(program, {
  bound: async (to) => (await import('./bound/bound-command.js')).addBoundCommand(to),
  cma: async (to) => (await import('./cma/cma-command.js')).addCmaCommand(to),
  endless: async (to) => (await import('./endless/endless-command.js')).addEndlessCommand(to),
  episodes: async (to) => (await import('./episodes/episodes-command.js')).addEpisodesCommand(to),
  'evolve-speed': async (to) =>
    (await import('./evolve-speed/evolve-speed-command.js')).addEvolveSpeedCommand(to),
  hopper: async (to) => (await import('./bodies/hopper-command.js')).addHopperCommand(to),
  kept: async (to) => (await import('./kept/kept-command.js')).addKeptCommand(to),
  large,
  'measure-large': large,
  'long-maze': async (to) =>
    (await import('./long-maze/long-maze-command.js')).addLongMazeCommand(to),
  prefill: async (to) => (await import('./prefill/prefill-command.js')).addPrefillCommand(to),
  presses: async (to) => (await import('./presses/presses-command.js')).addPressesCommand(to),
  responsiveness,
  'measure-responsiveness': responsiveness,
  scorer: async (to) => (await import('./scorer/scorer-command.js')).addScorerCommand(to),
  serving,
  'serving-process': serving,
  'serving-side': serving,
  speed,
  'measure-speed': speed,
  'install-node-llama-cpp': async (to) =>
    (await import('./speed/install-command.js')).addInstallCommand(to),
  together: async (to) => (await import('./together/together-command.js')).addTogetherCommand(to),
  video,
  'measure-video': video,
  watch: async (to) => (await import('./watch/watch-command.js')).addWatchCommand(to),
});
await runProgram(program);
