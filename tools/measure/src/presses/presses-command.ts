import type { Command } from '@commander-js/extra-typings';
import { count, describeMachine, Interruption, interruptSignal, StatusLine } from '@namm/cli';
import { textTable } from '@namm/report';
import { median } from '@namm/statistics';
import { measuredModel } from '../measuring/measured-model.js';
import { addModelOptions, type ModelOptions } from '../measuring/model-options.js';
import { PythonPeer } from '../measuring/python-peer.js';
import { randomPrompt } from '../measuring/random-prompt.js';
import { formatInterval, ratioOfMedians } from '../measuring/ratio-of-medians.js';
import { OurPresses, type PressFigures, type PressRequest, pressNames } from './our-presses.js';

interface Options extends ModelOptions {
  readonly length: number;
  readonly questionTokens: number;
  readonly decodeTokens: number;
  readonly rounds: number;
  readonly python?: string;
  readonly json?: boolean;
}

/** A press at a share, with what each round took on either side. */
interface PressRow {
  readonly press: PressRequest['press'];
  readonly share: number;
  readonly ours: PressFigures[];
  readonly peer: PressFigures[];
}

/** Adds `presses`: prompts that are read, cut once and answered, beside kvpress. */
export function addPressesCommand(program: Command): void {
  const command = program
    .command('presses')
    .description('measure prompts that are read, cut to a share and answered, beside kvpress');
  addModelOptions(command)
    .option('--length <tokens>', 'tokens of a prompt', count, 2048)
    .option('--question-tokens <count>', 'tokens of the question behind it', count, 16)
    .option('--decode-tokens <count>', 'tokens of an answer', count, 32)
    .option('--rounds <count>', 'prompts', count, 5)
    .option('--python <program>', 'a Python with kvpress: measures it too')
    .option('--json', 'print one object of JSON')
    .action(measurePresses);
}

async function measurePresses({ python, json, ...options }: Options): Promise<void> {
  const { length, questionTokens, decodeTokens, rounds, seed } = options;
  const machine = describeMachine();
  const needed = 2 * length + questionTokens + decodeTokens; // KVzip reads twice
  const { folder, vocabulary, title } = await measuredModel(options, needed);
  const status = new StatusLine();
  const ours = new OurPresses(folder);
  const peer =
    python === undefined
      ? null
      : await PythonPeer.start<PressRequest, PressFigures>(python, 'kvpress_prompts.py', {
          folder,
        });
  const rows: PressRow[] = [
    { press: null, share: 1, ours: [], peer: [] },
    ...pressNames.flatMap((press) =>
      [0.5, 0.25].map((share) => ({ press, share, ours: [], peer: [] })),
    ),
  ];
  const signal = interruptSignal();
  try {
    for (let round = 0; round < rounds && !signal.aborted; round++) {
      const ids = randomPrompt(length + questionTokens, vocabulary, seed + round);
      const [context, question] = [ids.slice(0, length), ids.slice(length)];
      for (const row of rows) {
        if (signal.aborted) break;
        const { press, share } = row;
        status.show(`round ${round + 1} of ${rounds}: ${nameOf(row)}`);
        const request = { press, share, context, question, count: decodeTokens };
        await ours.prepare(press);
        const [mine, its] = [await ours.measure(request), await peer?.measure(request)];
        row.ours.push(mine);
        if (its) row.peer.push(its);
        const beside = its ? `, kvpress ${secondsOf(its)}` : '';
        status.finish(`prompt ${round + 1}, ${nameOf(row)}: ${secondsOf(mine)}${beside}`);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error; // Ctrl-C ends the peer, too
  } finally {
    status.clear();
    peer?.stop();
    await ours.release();
  }
  if (json) {
    console.log(JSON.stringify({ machine, settings: options, peer: peer?.name ?? null, rows }));
  } else {
    console.log(`${title}; ${length} tokens read, ${decodeTokens} written, one thread, CPU time.`);
    console.log(`${machine}${peer ? `; ${peer.name}` : ''}.\n`);
    console.log(formatRows(rows.filter((row) => row.ours.length > 0)));
    const told = signal.aborted ? 'what was measured until then' : `medians of ${rounds}`;
    console.log(`\nSeconds per prompt, ${told}. ×: how many times as long kvpress takes.`);
  }
  if (signal.aborted) throw new Interruption();
}

const secondsOf = ({ read, answer }: PressFigures) => `${read.toFixed(2)} + ${answer.toFixed(2)} s`;

const nameOf = ({ press, share }: PressRow) =>
  press === null ? 'full' : `${press} ${100 * share} %`;

function formatRows(rows: readonly PressRow[]): string {
  const timesOf = (figures: readonly PressFigures[], of: 'read' | 'answer' | 'all') =>
    figures.map((each) => (of === 'all' ? each.read + each.answer : each[of]));
  const shown = (figures: readonly PressFigures[], of: 'read' | 'answer') =>
    figures.length > 0 ? median(timesOf(figures, of)).toFixed(2) : '-';
  return textTable(
    ['', 'read', 'answer', 'kvpress: read', 'answer', '×'],
    rows.map((row) => {
      const ratio = () => ratioOfMedians(timesOf(row.peer, 'all'), timesOf(row.ours, 'all'));
      return [
        ...[nameOf(row), shown(row.ours, 'read'), shown(row.ours, 'answer')],
        ...[shown(row.peer, 'read'), shown(row.peer, 'answer')],
        row.peer.length > 0 ? formatInterval(ratio()) : '-',
      ];
    }),
  );
}
