export { addCommands, type LazyCommands } from './add-commands.js';
export {
  type AnswerCommandOptions,
  addAnswerOptions,
  answerCommand,
} from './answer-options.js';
export { type AnswerOptions, answerPrompt } from './answer-prompt.js';
export { chatAtTerminal } from './chat-at-terminal.js';
export { choosePolicy, type PolicyChoice } from './choose-policy.js';
export { commandLine } from './command-line.js';
export {
  comparedPolicies,
  defaultPolicies,
  type NamedPolicy,
  namedPolicy,
  ownPolicies,
} from './compared-policies.js';
export { applyConfigFile } from './config-file.js';
export { type DemoOptions, demoPolicies, runDemo } from './demo/run-demo.js';
export { describeError } from './describe-error.js';
export { describeMachine } from './describe-machine.js';
export {
  addEngineOptions,
  type EngineCommandOptions,
  type OpenedEngine,
  openEngine,
} from './engine-options.js';
export {
  addEvolutionOptions,
  type EvolutionDefaults,
  type EvolutionOptions,
  type EvolutionRun,
  evolutionSettings,
  type WatchedEvolution,
  watchEvolution,
} from './evolution-options.js';
export { exitCodes } from './exit-codes.js';
export { givenFlag } from './given-flag.js';
export { inputFile } from './input-file.js';
export { Interruption, interruptSignal } from './interruption.js';
export { jsonText } from './json-text.js';
export { describeMemory, type MemoryFigures, memoryFigures } from './memory-figures.js';
export { openModel } from './open-model.js';
export {
  budgetText,
  count,
  countUpTo,
  fraction,
  fromZero,
  listOf,
  listOrNone,
  nameFrom,
  number,
  numberFromZero,
  port,
  positiveNumber,
  readBy,
  share,
  threadCount,
} from './option-parsers.js';
export { outputFile, outputFolder } from './output-file.js';
export {
  isOwnPolicy,
  loadOwnPolicy,
  ownPolicyForm,
  ownPolicyName,
  policyFrom,
  policyProblem,
} from './own-policy.js';
export {
  addPolicyChoiceOptions,
  addPolicyOptions,
  type PolicyChoiceOptions,
  type PolicyOptions,
  retentionFile,
} from './policy-options.js';
export { createProgram, runProgram } from './program.js';
export { ProgressLine } from './progress-line.js';
export { type PromptOptions, readPrompt } from './read-prompt.js';
export {
  addRopeScalingOptions,
  type RopeScalingOptions,
  ropeScalingOf,
} from './rope-scaling-options.js';
export { addSamplingOptions, type SamplingOptions, samplingOf } from './sampling-options.js';
export { showProgress } from './show-progress.js';
export { StatusLine, type StatusStream } from './status-line.js';
export { terminalWidth } from './terminal-width.js';
export { type ChatOptions, withChat } from './with-chat.js';
export { writeRetention } from './write-retention.js';
