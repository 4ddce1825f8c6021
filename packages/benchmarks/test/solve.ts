import { attributes, valuesByAttribute } from '../src/words.js';

/**
 * Answers a question of a family from the planted sentences alone, in the order in which they stand: the slow,
 * obvious reader that a model is compared with.
 */
export function solve(family: string, sentences: readonly string[], question: string): string {
  const stem = question.replace('\nQ:', '').trim();
  /** What follows the last sentence that begins with a text. */
  const after = (beginning: string): string | undefined =>
    sentences
      .map((sentence) => sentence.trim().slice(0, -1))
      .filter((sentence) => sentence.startsWith(`${beginning} `))
      .at(-1)
      ?.slice(beginning.length + 1);
  switch (family) {
    case 'single-document':
    case 'key-value':
    case 'code-variables':
      return after(stem)!;
    case 'multi-hop': {
      const boss = after(stem)!;
      return `${boss} and ${boss} has ${after(`${boss} has`)!}`;
    }
    case 'classification': {
      const categoryOf = (word: string) =>
        attributes.find((each) => valuesByAttribute[each].includes(word));
      const category = categoryOf(stem.split(' ')[1]!);
      const example = sentences.find(
        (sentence) => categoryOf(sentence.trim().split(' ')[1]!) === category,
      )!;
      return example.trim().slice(0, -1).split(' ').at(-1)!;
    }
    case 'notes':
      return ['one', 'two', 'three', 'four']
        .map((ordinal) => ({ ordinal, line: after(`Note ${ordinal}:`) }))
        .flatMap(({ ordinal, line }) => (line ? [`${ordinal}: ${line}`] : []))
        .join('; ');
    case 'votes': {
      const candidates = sentences
        .map((sentence) => sentence.trim().slice(0, -1))
        .filter((sentence) => sentence.startsWith(`Vote ${stem.slice('Most '.length)} `))
        .map((sentence) => sentence.split(' ').at(-1)!);
      const count = (name: string) => candidates.filter((each) => each === name).length;
      return candidates.reduce((a, b) => (count(b) > count(a) ? b : a));
    }
    case 'trail': {
      // A later part follows on the key that the part before it ended with.
      if (stem.startsWith('Stop ')) return after(stem)!;
      const key = stem.split(' ').at(-1)!;
      return `. Stop ${key} sells ${after(`Stop ${key} sells`)!}`;
    }
    default:
      throw new Error(`no solver for ${family}`);
  }
}
