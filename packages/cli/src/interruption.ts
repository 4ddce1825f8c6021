import { NammError } from '@namm/core';
import { exitCodes } from './exit-codes.js';

/** Ctrl-C. {@link runProgram} ends with exit code 130 when a command throws it, and says no more. */
export class Interruption extends NammError {
  constructor() {
    super('INTERRUPTED', 'interrupted');
  }
}

let controller: AbortController | null = null;

/**
 * A signal for what takes long: Ctrl-C aborts it with an {@link Interruption}, so that the command can print what is done
 * so far. A second Ctrl-C ends the process at once. Commands that never ask for the signal end at the first.
 */
export function interruptSignal(): AbortSignal {
  if (controller === null) {
    const created = new AbortController();
    controller = created;
    process.on('SIGINT', () => {
      if (created.signal.aborted) process.exit(exitCodes.interrupted);
      process.exitCode = exitCodes.interrupted;
      created.abort(new Interruption());
    });
  }
  return controller.signal;
}
