// Run in a process of its own, to be killed: evolves in the folder named, and says when a slice is done.
import { evolvePolicy, textEvaluator } from '../src/index.js';
import { testPrompts, testSettings } from './setup.js';

const settings = testSettings({ populationSize: 4 }); // as resume.slow.test.ts has them
const evaluator = await textEvaluator(settings);
await evolvePolicy({
  ...{ folder: process.argv[2]!, settings, evaluator, prompts: await testPrompts() },
  onProgress: ({ done }) => process.stdout.write(`${done}\n`),
});
await evaluator.close();
