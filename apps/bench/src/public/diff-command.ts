import type { Command } from '@commander-js/extra-typings';
import { diffRuns, formatDifferences, readRunResults } from '@namm/benchmarks/public';
import { jsonText, terminalWidth } from '@namm/cli';

/** Adds `diff`: two runs of `run`, side by side. */
export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .description('compare two runs prompt by prompt, and test which differences are significant')
    .argument('<before>', 'folder of a run')
    .argument('<after>', 'folder of another')
    .option('--json', 'print JSON instead of a table')
    .action(async (before, after, { json }) => {
      const rows = diffRuns(await readRunResults(before), await readRunResults(after));
      if (json) console.log(jsonText(rows));
      else console.log(formatDifferences(rows, { style: 'plain', width: terminalWidth() }));
    });
}
