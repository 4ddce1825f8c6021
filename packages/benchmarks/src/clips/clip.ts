import type { Split } from '../types.js';
import type { ClipColour, ClipPlace, ClipShape } from './clip-words.js';

/** A thing that questions ask about. */
export interface ClipThing {
  readonly colour: ClipColour;
  readonly shape: ClipShape;
}

/** A thing that appears for a frame or two. */
export interface ClipEvent extends ClipThing {
  readonly place: ClipPlace;
  /** Number of its first frame. */
  readonly frame: number;
  readonly frames: number;
  /** Whether the background lights up, as it does in one frame of a clip. */
  readonly isBright: boolean;
}

/** A grey shape that stays through a still passage and is never asked about. */
export interface ClipRest {
  readonly shape: ClipShape;
  readonly place: ClipPlace;
  readonly frame: number;
  readonly frames: number;
}

/** What happens in a clip. */
export interface ClipStory {
  /** Frames. */
  readonly length: number;
  /** In order; still frames lie between any two. */
  readonly events: readonly ClipEvent[];
  readonly rests: readonly ClipRest[];
}

/** The kind of a question; see {@link clipKinds}. */
export type ClipKindName =
  | 'order'
  | 'counting'
  | 'needle'
  | 'first'
  | 'colour-change'
  | 'last-seen'
  | 'after'
  | 'where';

/** A question about a clip. */
export interface ClipQuestion {
  readonly kind: ClipKindName;
  readonly text: string;
  /** The parts of the answer in order: one thing, place, colour or number; for `order`, everything that appeared. */
  readonly answer: readonly string[];
}

/** A synthetic clip with its questions. */
export interface Clip extends ClipStory {
  /** `split/length/seed/index` */
  readonly id: string;
  readonly split: Split;
  readonly seed: number;
  readonly index: number;
  readonly questions: readonly ClipQuestion[];
}
