import type { EpisodeFilm, FilmScene } from '../src/index.js';

/** An episode whose heads hold the first step and the newest two, the last head everything. */
export function sampleFilm(kind: FilmScene['kind'], steps = 30): EpisodeFilm {
  const rowKinds = ['return', 'state', 'action'];
  const frames = Array.from({ length: steps }, (_, step) => ({
    scene: kind === 'grid' ? gridAt(step, steps) : bodiesAt(step),
    ...{ action: String(step % 4), reward: 0.5, total: (step + 1) / 2, returnToGo: 20 - step / 2 },
  }));
  const seen = Uint32Array.from(frames, (_, step) => 3 * step + 2);
  const tokens = seen.at(-1)!;
  const evictedAt = Uint32Array.from({ length: 3 * tokens }, (_, i) => {
    const [head, step] = [Math.floor(i / tokens), Math.floor((i % tokens) / 3)];
    return head === 2 || step === 0 ? steps : Math.min(steps, step + 2);
  });
  const notes = { agent: '<b>agent</b>' };
  return { policy: 'sample', frames, rowKinds, headsPerLayer: [2, 1], seen, evictedAt, notes };
}

const gridAt = (step: number, steps: number): FilmScene => ({
  ...{ kind: 'grid', width: steps, height: 3, agent: { x: step, y: 1 } },
  cells: [
    { x: 0, y: 0, kind: 'wall' },
    { x: steps - 1, y: 2, kind: 'goal', variant: 1, label: '<i>goal</i>' },
  ],
  caption: step === 0 ? 'cue: up' : '',
});

const bodiesAt = (step: number): FilmScene => ({
  kind: 'bodies',
  capsules: [
    { name: 'leg', from: [step / 10, 0.1], to: [step / 10 + 0.12345678, 1], radius: 0.05 },
  ],
  centre: [step / 10, 1],
});
