export { CommandHost, type CommandResult } from './command-host.ts';
export { expectEqualNumbers } from './expect-equal-numbers.ts';
export { expectFlipsSeen } from './expect-flips-seen.ts';
export { FakeHub, type FakeRepository, type Fault, type Seen } from './fake-hub.ts';
export { findChromium } from './find-chromium.mjs';
export { type FreshBundle, freshBundle } from './fresh-bundle.ts';
export {
  type FolderContents,
  ggufModel,
  randomBlocks,
  readFolder,
  writeGgufModel,
} from './gguf-model.ts';
export { inFolder } from './in-folder.ts';
export { openPage, type Page } from './open-page.ts';
export { writeOwnPolicies } from './own-policies.ts';
export { hybridConfig, type RandomModel, randomModel } from './random-model.ts';
export { randomNormals } from './random-normals.ts';
export { type RandomVideoModelOptions, randomVideoModel } from './random-video-model.ts';
export { runCommands } from './run-commands.ts';
export { stripTypes } from './strip-types.ts';
export { expectUnknownOption, testOptionNames } from './test-option-names.ts';
