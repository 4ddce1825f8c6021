import type { LineChart } from '../chart/line-chart.js';
import type { RetentionPageData } from '../retention/retention-page-data.js';
import type { FilmFrame } from './episode-film.js';

/** What an episode page holds for its script. */
export interface EpisodePageData {
  readonly frames: readonly FilmFrame[];
  readonly rowKinds: readonly string[];
  readonly charts: readonly LineChart[];
  /** Its updates are steps. */
  readonly retention: Pick<RetentionPageData, 'headsPerLayer' | 'seen' | 'evictedAt' | 'scores'>;
}
