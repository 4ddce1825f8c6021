import { describe, expect, it } from 'vitest';
import { sampleFilm } from '../test/sample-film.js';
import { episodePage } from './episode-page.js';

describe('episodePage', () => {
  it('escapes what it is given', () => {
    const html = episodePage(sampleFilm('grid'), { title: '<script>x</script>' });
    const has = (text: string) => html.includes(text); // a whole page is no message
    expect(has('&lt;script&gt;x')).toBe(true);
    expect([has('<script>x'), has('<i>goal')]).toEqual([false, false]);
  });

  it('refuses films that contradict themselves', () => {
    const film = sampleFilm('bodies');
    const attempt = (more: object) => () => episodePage({ ...film, ...more });
    expect(attempt({ frames: [], seen: new Uint32Array() })).toThrow('has no step');
    expect(attempt({ rowKinds: [] })).toThrow('kinds');
    expect(attempt({ seen: film.seen.subarray(1) })).toThrow('29 counts for 30 steps');
    expect(attempt({ seen: film.seen.slice().reverse() })).toThrow('unreads');
    expect(attempt({ evictedAt: new Uint32Array(5) })).toThrow('5 evictions for 3 heads of 89');
    expect(attempt({ headsPerLayer: [] })).toThrow('holds no token');
  });
});
