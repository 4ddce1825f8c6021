/** The scene of a step. */
export type FilmScene = FilmGrid | FilmBodies;

/** Cells of a maze, counted from the upper left corner. */
export interface FilmGrid {
  readonly kind: 'grid';
  readonly width: number;
  readonly height: number;
  /** What stands in cells; others are floor. */
  readonly cells: readonly {
    readonly x: number;
    readonly y: number;
    readonly kind: string;
    /** Which of several of one kind. */
    readonly variant?: number;
    readonly label?: string;
  }[];
  readonly agent: { readonly x: number; readonly y: number };
  /** One line of further information. */
  readonly caption: string;
}

/** Bodies seen from the side, in metres, y upwards; the ground is at height 0. */
export interface FilmBodies {
  readonly kind: 'bodies';
  readonly capsules: readonly {
    readonly name: string;
    readonly from: readonly [x: number, y: number];
    readonly to: readonly [x: number, y: number];
    readonly radius: number;
  }[];
  readonly centre: readonly [x: number, y: number];
}

/** One step of an episode. */
export interface FilmFrame {
  readonly scene: FilmScene;
  /** The action, as text. */
  readonly action: string;
  /** For it. */
  readonly reward: number;
  /** Sum of the rewards so far. */
  readonly total: number;
  /** Return-to-go before the step. */
  readonly returnToGo: number;
}

/** An episode of an agent, and what the agent remembered of it: plain data. */
export interface EpisodeFilm {
  /** Name of the policy or other kind of memory. */
  readonly policy: string;
  /** From the first step on; at least one. */
  readonly frames: readonly FilmFrame[];
  /** Tokens of a step, in order: token n is of kind `rowKinds[n % rowKinds.length]`. */
  readonly rowKinds: readonly string[];
  /** KV heads of each layer. */
  readonly headsPerLayer: readonly number[];
  /** Tokens read by each step, `[frames]`. */
  readonly seen: Uint32Array;
  /**
   * `[heads, tokens]`, heads numbered through all layers: the first step after which the head no longer holds the token;
   * the number of steps when it holds it to the end.
   */
  readonly evictedAt: Uint32Array;
  /** What else a reader should know: agent, environment, seed. */
  readonly notes: Readonly<Record<string, string>>;
}
