export { describeError } from './describe-error.js';
export { describeMachine } from './describe-machine.js';
export { exitCodes } from './exit-codes.js';
export { Interruption, interruptSignal } from './interruption.js';
export { openModel } from './open-model.js';
export {
  count,
  fraction,
  fromZero,
  listOf,
  listOrNone,
  nameFrom,
  number,
  numberFromZero,
  positiveNumber,
  readBy,
  share,
  threadCount,
} from './option-parsers.js';
export { outputFile } from './output-file.js';
export {
  isOwnPolicy,
  loadOwnPolicy,
  ownPolicyForm,
  ownPolicyName,
  policyFrom,
} from './own-policy.js';
export { createProgram, runProgram } from './program.js';
export { ProgressLine } from './progress-line.js';
export { type PromptOptions, readPrompt } from './read-prompt.js';
export {
  addRopeScalingOptions,
  type RopeScalingOptions,
  ropeScalingOf,
} from './rope-scaling-options.js';
export { StatusLine, type StatusStream } from './status-line.js';
export { terminalWidth } from './terminal-width.js';
