/** Values by the attribute they belong to; the categories of the classification family are the same. */
export const valuesByAttribute = {
  pet: words('falcon otter rabbit tiger horse monkey parrot turtle goat wolf camel eagle'),
  fruit: words('apple lemon cherry melon grape peach plum banana mango olive fig berry'),
  color: words('red blue green yellow purple orange brown pink gray violet silver golden'),
  drink: words('tea coffee milk juice wine cider water beer cocoa soda broth rum'),
  tool: words('hammer saw drill knife rope ladder shovel axe needle brush chisel nail'),
  city: words('Paris London Berlin Madrid Vienna Lisbon Cairo Tokyo Oslo Delhi Boston Dublin'),
  sport: words('tennis chess rowing soccer golf boxing rugby cricket polo judo hockey diving'),
  dress: words('hat coat scarf glove boot shirt belt ring cloak cap jacket apron'),
} as const;

/** Attributes a person can have. */
export const attributes = Object.keys(valuesByAttribute) as (keyof typeof valuesByAttribute)[];

/** Every value of every attribute. */
export const values: readonly string[] = Object.values(valuesByAttribute).flat();

/** First names of persons. */
export const names = words(
  'Alice Bruno Carla David Emma Felix Gina Henry Irene Jacob Karen Leon Maria Nadia Oscar Peter ' +
    'Quinn Rosa Simon Tina Ursula Victor Wanda Xavier Yvonne Zoe Adam Bella Clara Daniel Edgar Fiona',
);

/** Last names of persons, in whole sentences. */
export const surnames = words(
  'Ashford Barlow Carver Dalton Ellis Fenwick Garner Holloway Irving Jessop Kendall Lockwood ' +
    'Marlow Norris Osborne Prescott Radcliffe Sheldon Thornton Underwood Vaughan Whitaker',
);

/** Towns that nobody knows. */
export const towns = words(
  'Kerwick Ashby Dunmore Halford Marston Penrith Redcliff Stanhope Thornbury Wexford Belmont ' +
    'Carlow Elmsley Glenside Harwick Langdale Norwood Oakham Selby Westmere',
);

export const weekdays = words('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');

/** Keys of the key-value family. */
export const keys = words(
  'amber basil cedar delta ember flint ginger hazel indigo jasmine kernel lotus maple nickel opal ' +
    'pepper quartz raven saffron topaz umber velvet willow zinc acorn birch coral dune',
);

/** Plain nouns, for values of two words and for notes. */
export const nouns = words(
  'river stone lamp table window garden bridge tower candle mirror basket bottle letter carpet ' +
    'engine forest hill island market ocean paper pillow road school spoon street train valley wagon well',
);

/** Labels of the classification family; which category a label stands for is drawn for each prompt. */
export const labels = words('alpha beta gamma sigma kappa omega theta zeta lambda epsilon tau phi');

/** Variables of the code family. */
export const variables = words(
  'total count index buffer offset limit width height depth weight score speed level state token ' +
    'cursor marker handle target source',
);

/** Numbers of notes. */
export const ordinals = words('one two three four');

/** The other words of the templates. */
const templateWords = words(
  'has serves and Key holds Sort as Note notes log Near stood the asked about Stop sells next home Vote Most',
);

/** Every word that a tokenizer must know as one token when a blank stands before it. */
export const entityWords: readonly string[] = [
  ...new Set([
    ...attributes,
    ...values,
    ...names,
    ...keys,
    ...nouns,
    ...labels,
    ...variables,
    ...ordinals,
    ...templateWords,
  ]),
];

function words(list: string): readonly string[] {
  return list.split(' ');
}
