import { NammError } from '@namm/core/portable';
import type { CandidateId } from './candidate.js';

/** A result cannot be taken; nothing was changed. */
export class CandidateError extends NammError {
  /**
   * `foreign`: the id belongs to another run, or to no candidate of this generation; `late`: its generation is over;
   * `told`: its result was already told.
   */
  readonly reason: 'foreign' | 'late' | 'told';
  readonly id: CandidateId;

  constructor(reason: CandidateError['reason'], id: CandidateId, problem: string) {
    super('CANDIDATE', problem, { details: { reason, id } });
    this.reason = reason;
    this.id = id;
  }
}

/** The strategy has stopped: it gives no more candidates and takes no more results. */
export class StoppedError extends NammError {
  constructor(reason: string) {
    super('STOPPED', `the strategy has stopped (${reason}); its mean and best candidate stand`, {
      details: { reason },
    });
  }
}
