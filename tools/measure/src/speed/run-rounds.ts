import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PolicyChoice, StatusLine } from '@namm/cli';
import type { CacheDtype } from '@namm/kv-cache';
import { runInProcess } from '../measuring/run-in-process.js';
import { type Agreement, type Choices, checkAgreement } from './agreement.js';
import {
  type Contender,
  type Folders,
  isHeldToOurs,
  requestOf,
  tieTolerance,
} from './contenders.js';
import type { Measured } from './measure-request.js';

const status = new StatusLine();

/** Name of the hidden command that a child process runs. */
export const measureCommandName = 'measure-speed';

export interface RoundsOptions {
  readonly contenders: readonly Contender[];
  readonly lengths: readonly number[];
  readonly rounds: number;
  readonly decodeTokens: number;
  readonly cacheDtype: CacheDtype;
  /** That of `ours-policy`. */
  readonly policy: Omit<PolicyChoice, 'folder' | 'seed'>;
  readonly threads: number;
  readonly vocabulary: number;
  readonly seed: number;
  /** Whether peers compute what ours computes; not where each rounds what it multiplies in a way of its own. */
  readonly areHeld: boolean;
}

/** One measurement. */
export interface Sample extends Measured {
  readonly length: number;
  readonly contender: Contender;
  readonly round: number;
}

/** That a peer computes the same as ours. */
export interface PeerAgreement extends Agreement {
  readonly length: number;
  readonly contender: Contender;
}

/**
 * Measures all contenders at all lengths, in turns, so that each meets the same load of the machine. In
 * the first round each peer is held against ours before the next length is measured.
 *
 * @throws {MeasurementError} when a measurement fails, or a peer computes something else
 */
export async function runRounds(
  folders: Folders,
  options: RoundsOptions,
): Promise<{ readonly samples: Sample[]; readonly agreements: PeerAgreement[] }> {
  const samples: Sample[] = [];
  const agreements: PeerAgreement[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const length of options.lengths) {
      const found = await runTurns(folders, options, length, round);
      samples.push(...found.map(({ sample }) => sample));
      if (options.areHeld && round === 0) agreements.push(...checkPeers(found));
    }
  }
  status.clear();
  return { samples, agreements };
}

interface Turn {
  readonly sample: Sample;
  readonly logits: Float32Array;
}

async function runTurns(
  folders: Folders,
  options: RoundsOptions,
  length: number,
  round: number,
): Promise<Turn[]> {
  const { contenders, rounds, areHeld, policy, ...sizes } = options;
  const turns: Turn[] = [];
  for (let turn = 0; turn < contenders.length; turn++) {
    // Every round another one goes first.
    const contender = contenders[(turn + round) % contenders.length]!;
    const what = `${contender} at ${length} tokens`;
    status.show(`round ${round + 1} of ${rounds}: ${what}`);
    const isCompared = areHeld && round === 0 && (contender === 'ours' || isHeldToOurs(contender));
    const logitsFile = isCompared ? join(tmpdir(), `namm-bench-logits-${process.pid}.f32`) : null;
    const request = requestOf(contender, folders, { ...sizes, length, logitsFile }, policy);
    const measured = await runInProcess<Measured>(measureCommandName, request, what);
    const logits = logitsFile === null ? new Float32Array(0) : await takeLogits(logitsFile);
    turns.push({ sample: { length, contender, round, ...measured }, logits });
  }
  return turns;
}

async function takeLogits(path: string): Promise<Float32Array> {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  await rm(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

function checkPeers(turns: readonly Turn[]): PeerAgreement[] {
  const choices = ({ sample, logits }: Turn): Choices => ({ tokens: sample.tokens, logits });
  const ours = choices(turns.find(({ sample }) => sample.contender === 'ours')!);
  return turns
    .filter(({ sample }) => isHeldToOurs(sample.contender))
    .map((turn) => {
      const { length, contender } = turn.sample;
      const where = `At ${length} tokens ours and ${contender}`;
      const ties = tieTolerance(contender);
      return { length, contender, ...checkAgreement(ours, choices(turn), ties, where) };
    });
}
