import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type TransferForm,
  type TransferOptions,
  transferNamm,
  trialTable,
} from '@namm/evolve-policies';
import { modelNames, nammCheckpoints } from '@namm/models';
import { readCheckpoint, writeCheckpoint } from '@namm/namm';
import { textTable } from '@namm/report';

/** Options of {@link transferToAgent}. */
export interface TransferToAgentOptions extends Omit<TransferOptions, 'checkpoint' | 'form'> {
  /** File of the NAMM; that of {@link modelNames}' first if left out. */
  readonly checkpoint?: string | undefined;
  readonly forms: readonly TransferForm[];
  /** Folder for `frozen.safetensors`, `calibrated.safetensors` … */
  readonly out: string;
  /** Columns of a line of a table. */
  readonly width: number;
  /** Told of each file when it is written; the table of its trials is null where it had none. */
  readonly onMade: (path: string, trials: string | null) => void;
}

/**
 * Makes a NAMM that was evolved on language ready for an agent, in several forms.
 *
 * @throws what is wrong with the NAMM or the agent, before anything is played
 * @throws the signal's reason when it is aborted; forms that were made until then are written
 */
export async function transferToAgent(options: TransferToAgentOptions): Promise<void> {
  const { agent, environment, episode, updateInterval, episodes, seed } = options;
  const { shares, tails, budget } = options;
  const { out, width, onMade, onProgress, signal } = options;
  const checkpoint = await readCheckpoint(options.checkpoint ?? nammCheckpoints(modelNames[0])[0]!);
  await mkdir(out, { recursive: true });
  for (const form of options.forms) {
    const made = await transferNamm({
      ...{ agent, environment, episode, checkpoint, form, updateInterval },
      ...{ episodes, shares, tails, budget, seed, onProgress, signal },
    });
    const path = join(out, `${form}.safetensors`);
    await writeCheckpoint(path, made.checkpoint);
    const table = made.chosen && trialTable(made.trials, made.chosen);
    onMade(path, table && textTable(table.headings, table.rows, { width }));
  }
}
