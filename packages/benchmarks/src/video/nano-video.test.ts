import { VideoModel } from '@namm/cache-video';
import { videoModelFolder } from '@namm/models';
import { expect, it } from 'vitest';
import { generateClip } from '../clips/generate-clip.js';
import { clipTask } from './clip-task.js';

it('is answered by our model: the needle and the order of short clips', async () => {
  const model = await VideoModel.load(videoModelFolder('nano-video'), { threads: 1 });
  const scores = new Map<string, number[]>();
  const clips = 12;
  for (let index = 0; index < clips; index++) {
    const clip = generateClip({ length: 12, split: 'development', seed: 2, index });
    const { frames, questions } = clipTask(clip);
    const viewing = model.begin();
    const shown = [];
    for await (const frame of frames()) shown.push(await model.encode(frame));
    await viewing.showAll(shown);
    for (const { kind, text, maxNewTokens, score } of questions) {
      if (kind !== 'needle' && kind !== 'order') continue;
      let answer = '';
      const greedy = { maxNewTokens, sampling: { temperature: 0 } } as const;
      for await (const piece of viewing.ask(text, greedy)) answer += piece;
      scores.set(kind, [...(scores.get(kind) ?? []), score(answer)]);
    }
    await viewing.release();
  }
  await model.release();
  for (const [kind, all] of scores) {
    expect(all.reduce((sum, score) => sum + score, 0) / clips, kind).toBeGreaterThan(0.8);
  }
});
