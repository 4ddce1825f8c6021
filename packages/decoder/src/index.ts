export { Decoder } from './decoder.js';
export type { DecoderOptions } from './decoder-options.js';
export {
  CacheUseError,
  DecoderInputError,
  ModelFolderError,
  NonFiniteError,
  PositionLimitError,
  RuntimeFailure,
} from './errors.js';
export { type Gpt2Traits, gpt2Backbone } from './families/gpt2-backbone.js';
export { readActivation } from './families/read-activation.js';
export { readSpec, supportedModelTypes } from './families/read-spec.js';
export { activation } from './graph/activation.js';
export { backbone } from './graph/backbone.js';
export { feedForward } from './graph/feed-forward.js';
export type { GraphContext } from './graph/graph-context.js';
export { languageModelHead } from './graph/language-model-head.js';
export { linear } from './graph/linear.js';
export { norm } from './graph/norm.js';
export { Residual } from './graph/residual.js';
export { Weights } from './graph/weights.js';
export { requireProbe } from './probes/require-probe.js';
export { readRotaryParameters } from './rotary/read-rotary.js';
export { type RotaryRows, type RotaryRowsOptions, rotaryRows } from './rotary/rotary-rows.js';
export type { RotaryScaling, RotarySpec } from './rotary/rotary-spec.js';
export { ortNode } from './runtime/ort-node.js';
export type { Feed, Runtime, RuntimeModel, Session, SessionOptions } from './runtime/runtime.js';
export { ConfigReader } from './source/config-reader.js';
export { type PretrainedFiles, readPretrainedFiles } from './source/gguf/read-pretrained-files.js';
export { type ModelFolder, openModelFolder } from './source/model-folder.js';
export type { ModelSource } from './source/model-source.js';
export { openModel } from './source/open-model.js';
export { readWeight } from './source/read-weight.js';
export { readWeightRows } from './source/read-weight-rows.js';
export type { Weight, WeightLocation } from './source/weight.js';
export { type WeightDtype, weightDtypes } from './source/weight-dtype.js';
export { checkSpec } from './spec/check-spec.js';
export type * from './spec/decoder-spec.js';
export type { RopeScaling } from './spec/rope-scaling.js';
export { ChatPrompts, type ChatTemplateOptions, loadChatPrompts } from './text/chat-prompts.js';
export type { ChatMessage, ToolCall } from './text/chat-template.js';
export { readChatTemplates } from './text/chat-templates.js';
export { type CompletionOptions, completeText } from './text/complete-text.js';
export type { GenerationSettings, SamplingSettings } from './text/generation-settings.js';
export { greedy } from './text/greedy.js';
export { mendLibrary } from './text/mend/mend-library.js';
export { retentionTexts } from './text/retention-texts.js';
export { StopSearch } from './text/stop-search.js';
export { TextStream } from './text/text-stream.js';
export { type ChoiceRules, TokenChooser } from './text/token-chooser.js';
export { loadTokenizer, Tokenizer } from './text/tokenizer.js';
export { TokenizerError } from './text/tokenizer-error.js';
export { DecoderWorker, type DecoderWorkerOptions } from './worker/decoder-worker.js';
export { loadPolicy } from './worker/load-policy.js';
export type { WorkerCache } from './worker/worker-cache.js';
export type {
  RestoreWorkerCacheOptions,
  WorkerCacheOptions,
} from './worker/worker-cache-options.js';
export {
  PolicyModuleError,
  type WorkerDeathReason,
  WorkerDiedError,
} from './worker/worker-errors.js';
export type { WorkerPolicy } from './worker/worker-policy.js';
