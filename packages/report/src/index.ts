export type { LineChart, Series } from './chart/line-chart.js';
export type {
  EpisodeFilm,
  FilmBodies,
  FilmFrame,
  FilmGrid,
  FilmScene,
} from './episode/episode-film.js';
export { type EpisodePageOptions, episodePage } from './episode-page.js';
export type { NumberFormat } from './format-number.js';
export type { HeatMap } from './heat-map/heat-map.js';
export { type Report, type ReportPart, reportPage, type TextPart } from './report-page.js';
export {
  type RetentionPageOptions,
  type RetentionPicture,
  retentionPage,
} from './retention-page.js';
export type { Cell, Column, Table } from './table/table.js';
export { type TextTableOptions, textTable } from './text-table.js';
