/** Colours of things, as bytes of red, green and blue. */
export const clipColours = {
  red: [220, 40, 40],
  green: [40, 180, 60],
  blue: [50, 80, 230],
  yellow: [235, 215, 50],
  pink: [230, 90, 200],
  cyan: [60, 200, 220],
} as const;

export type ClipColour = keyof typeof clipColours;

/** Shapes of things. */
export const clipShapes = ['square', 'ring', 'cross', 'triangle', 'bar', 'dot'] as const;

export type ClipShape = (typeof clipShapes)[number];

/** Quarters of the picture, row by row. */
export const clipPlaces = ['upper left', 'upper right', 'lower left', 'lower right'] as const;

export type ClipPlace = (typeof clipPlaces)[number];

/** How often something came. */
export const clipCounts = ['zero', 'one', 'two', 'three', 'four', 'five', 'six'] as const;

/** Every word and mark of questions and answers. */
export const clipWords: readonly string[] = [
  ...new Set([
    ...Object.keys(clipColours),
    ...clipShapes,
    ...clipPlaces.flatMap((place) => place.split(' ')),
    ...clipCounts,
    ...'What came in the bright frame after Which first or How many times did a come colour'.split(
      ' ',
    ),
    ...'turn Where was last'.split(' '),
  ]),
];
