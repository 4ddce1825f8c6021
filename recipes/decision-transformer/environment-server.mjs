/**
 * Environments of @namm/environments for evaluate.py: settings as JSON in the first argument, then a line of JSON in
 * and a line out. {"reset": SEED} → {"observation"}; {"action": [numbers]} → {"observation", "action", "reward", "over"}.
 */
import { createInterface } from 'node:readline';
import { createEnvironment } from '../../packages/environments/dist/index.js';

const environment = await createEnvironment(JSON.parse(process.argv[2]));
for await (const line of createInterface({ input: process.stdin })) {
  const { reset, action } = JSON.parse(line);
  if (reset !== undefined) {
    console.log(JSON.stringify({ observation: [...environment.reset(reset)] }));
    continue;
  }
  const {
    observation,
    action: done,
    reward,
    terminated,
    truncated,
    failure,
  } = environment.step(action);
  if (failure) throw new Error(failure);
  console.log(
    JSON.stringify({
      observation: [...observation],
      action: [...done],
      reward,
      over: terminated || truncated,
    }),
  );
}
