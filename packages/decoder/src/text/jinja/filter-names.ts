/** Filters of Jinja2; those that are not supported say so. */
const filterNames = [
  'abs',
  'attr',
  'batch',
  'capitalize',
  'center',
  'count',
  'd',
  'default',
  'dictsort',
  'e',
  'escape',
  'filesizeformat',
  'first',
  'float',
  'forceescape',
  'groupby',
  'indent',
  'int',
  'items',
  'join',
  'last',
  'length',
  'list',
  'lower',
  'max',
  'min',
  'pprint',
  'random',
  'replace',
  'reverse',
  'round',
  'safe',
  'slice',
  'sort',
  'string',
  'striptags',
  'sum',
  'title',
  'tojson',
  'trim',
  'truncate',
  'unique',
  'upper',
  'urlencode',
  'urlize',
  'wordcount',
  'wordwrap',
  'xmlattr',
] as const;
/** Those that pass their arguments on. */
const openFilterNames = ['format', 'map', 'select', 'reject', 'selectattr', 'rejectattr'] as const;

export type FilterName = (typeof filterNames)[number];
export type OpenFilterName = (typeof openFilterNames)[number];

const all: ReadonlySet<string> = new Set([...filterNames, ...openFilterNames]);

/** Whether there is a filter of that name. */
export function isFilter(name: string): boolean {
  return all.has(name);
}
