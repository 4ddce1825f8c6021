#!/usr/bin/env node
import { createProgram, runProgram } from '@namm/cli';
import { conformance } from './conformance-command.js';

const program = createProgram(
  'conformance',
  'Runs every fixture at or below a folder (or in a .tar.gz) against the packages',
);
program
  .argument('<folder>', 'folder or .tar.gz of fixtures')
  .option('--json', 'print one JSON object instead of lines')
  .action(conformance);
await runProgram(program);
