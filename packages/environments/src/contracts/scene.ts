/** What a step of an environment looks like, as plain data for a viewer. */
export type Scene = GridScene | BodiesScene;

/** Cells of a maze, counted from the upper left corner. */
export interface GridScene {
  readonly kind: 'grid';
  readonly width: number;
  readonly height: number;
  /** What stands in cells; others are floor. */
  readonly cells: readonly GridCell[];
  readonly agent: { readonly x: number; readonly y: number };
  /** One line of what else there is to see, such as the cue shown now. */
  readonly caption: string;
}

export interface GridCell {
  readonly x: number;
  readonly y: number;
  readonly kind: 'wall' | 'cue' | 'goal' | 'apple' | 'key' | 'door' | 'symbol';
  /** Which of several of one kind; a viewer gives each its colour. */
  readonly variant?: number;
  readonly label?: string;
}

/** Bodies seen from the side, in metres, y upwards; the ground is at height 0. */
export interface BodiesScene {
  readonly kind: 'bodies';
  /** A capsule goes from one end to the other. */
  readonly capsules: readonly Capsule[];
  /** Where to look. */
  readonly centre: readonly [x: number, y: number];
}

export interface Capsule {
  readonly name: string;
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  readonly radius: number;
}
