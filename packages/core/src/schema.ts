// What our packages use of zod, as `@namm/core/schema`: bundled once, a tenth of the library, since a command that loads
// all of its files pays for it at every start. Types alone still come from zod, an optional peer: who imports none of
// these schemas needs none.
export {
  array,
  boolean,
  enum,
  type infer,
  type input,
  int,
  literal,
  looseObject,
  nonnegative,
  null,
  nullable,
  number,
  object,
  type output,
  positive,
  record,
  strictObject,
  string,
  tuple,
  union,
  unknown,
  ZodError,
  type ZodObject,
  type ZodType,
} from 'zod';
