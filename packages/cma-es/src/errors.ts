import { NammError } from '@namm/core/portable';
import type { CandidateId } from './candidate.js';

/** A result cannot be taken: nothing was changed. */
export class CandidateError extends NammError {
  /**
   * `foreign`: of another run, or of no candidate of this generation; `late`: of a generation that is
   * over; `told`: its result is there already.
   */
  readonly reason: 'foreign' | 'late' | 'told';
  readonly id: CandidateId;

  constructor(reason: CandidateError['reason'], id: CandidateId, problem: string) {
    super('CANDIDATE', problem, { details: { reason, id } });
    this.reason = reason;
    this.id = id;
  }
}

/** The strategy has stopped: it neither asks nor takes results any more. */
export class StoppedError extends NammError {
  constructor(reason: string) {
    super('STOPPED', `the strategy has stopped (${reason}); its mean and best candidate stand`, {
      details: { reason },
    });
  }
}
