import type { EnvironmentSettings } from '@namm/environments';
import { type AgentName, agentFolder, agentNames } from '@namm/models';
import type { ControlTask } from './control-table.js';

/** Bundled agents where they were not trained. */
const elsewhere: readonly [name: string, agent: AgentName, environment: EnvironmentSettings][] = [
  [
    'noisy-t-maze', // the first 30 actions are random ones
    't-maze-agent',
    { name: 't-maze', length: 60, slack: 60, noisyHistory: { steps: 30 } },
  ],
  [
    'misleading-t-maze', // three cues that do not count before the one that does
    't-maze-agent',
    { name: 't-maze', length: 100, cues: 4 },
  ],
];

/** Every bundled agent in its own environment, and some of them in other ones. */
export const bundledTasks: readonly ControlTask[] = [
  ...agentNames.map((name) => ({ name: name.replace(/-agent$/, ''), agent: agentFolder(name) })),
  ...elsewhere.map(([name, agent, environment]) => ({
    name,
    agent: agentFolder(agent),
    environment,
  })),
];
