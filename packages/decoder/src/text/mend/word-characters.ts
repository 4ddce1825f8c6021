/** Characters of words, inside the brackets of a regular expression, as Rust's `\\w` has them. */
export const wordCharacters = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
