export { ChatSession, type ChatSessionOptions } from './chat/chat-session.js';
export type { ChosenPolicy, PolicyMaker } from './engine/chosen-policy.js';
export { Engine, type EngineOptions } from './engine/engine.js';
export {
  EngineClosedError,
  QueueFullError,
  RequestTooLargeError,
  UnknownConversationError,
} from './engine/engine-errors.js';
export type { EngineFigures } from './engine/engine-figures.js';
export type { EngineRequest, EngineResult, Writer } from './engine/engine-request.js';
export type { Histogram } from './engine/histogram.js';
export { Pace } from './engine/pace.js';
export type { StoredCache } from './engine/stored-cache.js';
export { checkAddress, type RunningServer, type ServeOptions, serve } from './http/serve.js';
export { protectedSpans } from './text/plan-prompt.js';
