import { MeasurementError } from '../measuring/measurement-error.js';
import type { Case } from './cases.js';
import type { EvaluationFigures } from './start-torch-peer.js';

/** Logits may differ by so much where both sides hold the same rows. */
const logitTolerance = 5e-3;
/**
 * Kept shares may differ by so much: we keep spectra in half precision, so rows with a score of almost 0
 * may be decided otherwise, and what follows with them.
 */
const shareTolerance = 0.02;

/**
 * Checks that both sides computed the same.
 *
 * @throws {MeasurementError} saying what differs
 */
export function checkAgreement(
  { interval, share }: Case,
  ours: EvaluationFigures,
  peers: EvaluationFigures,
): void {
  const where = `updates every ${interval}, kept ${share ?? 'all'}`;
  for (const [sequence, kept] of ours.kept.entries()) {
    if (Math.abs(kept - peers.kept[sequence]!) <= shareTolerance) continue;
    const problem = `sequence ${sequence} keeps ${kept} here and ${peers.kept[sequence]} there`;
    throw new MeasurementError(`${where}: ${problem}.`);
  }
  if (share !== null && share < 1) return;
  const wrong = ours.logits.findIndex(
    (logit, i) => !(Math.abs(logit - peers.logits[i]!) <= logitTolerance),
  );
  if (wrong < 0) return;
  const both = `${ours.logits[wrong]} here and ${peers.logits[wrong]} there`;
  throw new MeasurementError(`${where}: logit ${wrong} is ${both}.`);
}
