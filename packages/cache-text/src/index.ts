export { PromptMismatchError } from './errors.js';
export type { ForwardResult, GenerateParameters, GenerateResult } from './generate-parameters.js';
export type { NammCache, NammCacheMembers } from './namm-cache.js';
export { NammModelForCausalLM } from './namm-model-for-causal-lm.js';
export { NammTokenizer, type NammTokenizerOptions } from './namm-tokenizer.js';
export type { NammModelOptions, NammWorkerOptions } from './pretrained-options.js';
export type { AnyDecoder, CacheOf, PolicyOf } from './sequence-model.js';
export type { TextCacheMemory } from './text-cache-memory.js';
