import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import { openSafetensors } from '@namm/tensors';
import { describe, expect, it } from 'vitest';
import { agentFolder, agentNames } from './agent-folder.js';
import { checkpointsIn } from './namm-checkpoints.js';

describe.each([...agentNames])('%s', (name) => {
  const folder = agentFolder(name);
  const json = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));

  it('is a complete folder with a card, and small', () => {
    const needed = ['README.md', 'agent.json', 'config.json', 'model.safetensors'];
    const names = readdirSync(folder).filter(
      (file) => !checkpointsIn(folder).includes(join(folder, file)),
    );
    expect(names.sort()).toEqual(needed);
    expect(statSync(join(folder, 'model.safetensors')).size).toBeLessThan(1e6);
  });

  it('has weights, statistics and settings of the same sizes', async () => {
    const { state_dim, act_dim, hidden_size, max_ep_len } = json('config.json');
    const agent = json('agent.json');
    const { tensors } = await openSafetensors(join(folder, 'model.safetensors'));
    expect(tensors.get('embed_state.weight')!.shape).toEqual([hidden_size, state_dim]);
    expect(tensors.get('embed_action.weight')!.shape).toEqual([hidden_size, act_dim]);
    expect(tensors.get('embed_timestep.weight')!.shape).toEqual([max_ep_len, hidden_size]);
    expect(agent.mean).toHaveLength(state_dim);
    expect(agent.deviation).toHaveLength(state_dim);
    expect(max_ep_len === 1).toBe(agent.timesteps === 'constant');
  });
});

describe('agentFolder', () => {
  it('refuses names it does not have', () => {
    // @ts-expect-error: plain JavaScript can ask for anything
    expect(() => agentFolder('../core')).toThrow(InvalidArgumentError);
  });
});
