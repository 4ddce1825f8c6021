import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeIssue, FileFormatError } from '@namm/core';
import * as z from '@namm/core/schema';
import { checkIsContent } from '../data/git-lfs.js';

/** A question with the documents that answer it and others that go with them. */
export interface RulerQuestion {
  readonly question: string;
  readonly answers: readonly string[];
  /** Indices of documents. */
  readonly needed: readonly number[];
  readonly related: readonly number[];
}

/** Questions over a set of documents. */
export interface RulerQuestions {
  readonly documents: readonly string[];
  readonly questions: readonly RulerQuestion[];
}

/** The texts that RULER hides things in and asks about. */
export interface RulerSources {
  /** Words of the essay, in order. */
  readonly essay: readonly string[];
  /** Different words, of which keys and word lists are made. */
  readonly words: readonly string[];
  readonly squad: RulerQuestions | null;
  readonly hotpotqa: RulerQuestions | null;
}

const essayFile = z.object({ text: z.string().min(1) });
const wordFile = z.union([
  z.record(z.string(), z.string()).transform(Object.values<string>),
  z.array(z.string()),
]);
const squadFile = z.object({
  data: z.array(
    z.object({
      paragraphs: z.array(
        z.object({
          context: z.string(),
          qas: z.array(
            z.object({
              question: z.string(),
              answers: z.array(z.object({ text: z.string() })),
              is_impossible: z.boolean().default(false),
            }),
          ),
        }),
      ),
    }),
  ),
});
const hotpotFile = z.array(
  z.object({
    question: z.string(),
    answer: z.string(),
    context: z.array(z.tuple([z.string(), z.array(z.string())])),
  }),
);

/** A word list or an essay needs so many different words to make keys that seldom meet. */
const fewestWords = 50;

/**
 * Reads RULER's sources from a folder: the essay from `PaulGrahamEssays.json` or any text file; words from
 * `english_words.json` or any `*words.txt`, otherwise from the essay; questions from `squad.json` and `hotpotqa.json`,
 * if they exist.
 *
 * @param folder null for none; without an essay in it the essay is Moby-Dick
 * @throws {FileFormatError} for a file that cannot be read, or when there are too few words
 */
export async function readRulerSources(folder: string | null): Promise<RulerSources> {
  const names = folder === null ? [] : readdirSync(folder).sort();
  const path = (name: string) => join(folder!, name);
  const essayName =
    names.find((name) => name === 'PaulGrahamEssays.json') ??
    names.find((name) => /\.(txt|md)$/.test(name) && !/words\.txt$/.test(name));
  const essay = await readEssay(essayName === undefined ? null : path(essayName));
  const list = names.find((name) => name === 'english_words.json' || /words\.txt$/.test(name));
  const words = list === undefined ? wordsOf(essay) : await readWords(path(list));
  if (words.length < fewestWords) {
    const problem = `has ${words.length} different words; RULER needs ${fewestWords} and more`;
    throw new FileFormatError(list ?? essayName ?? 'the essay', problem);
  }
  const questions = async (name: string, read: (path: string) => Promise<RulerQuestions>) =>
    folder !== null && existsSync(path(name)) ? await read(path(name)) : null;
  return {
    ...{ essay, words },
    squad: await questions('squad.json', readSquad),
    hotpotqa: await questions('hotpotqa.json', readHotpotQa),
  };
}

async function readEssay(file: string | null): Promise<string[]> {
  const text =
    file === null
      ? (await import('../../texts/moby-dick.js')).mobyDickText() // a megabyte that few need
      : file.endsWith('.json')
        ? (await parsed(file, essayFile)).text
        : await utf8(file);
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw new FileFormatError(file ?? 'the essay', 'is empty');
  return words;
}

/** Words that a text has in lower case, so that they are not names. */
function wordsOf(essay: readonly string[]): string[] {
  const plain = essay.map((word) => word.replace(/[^\p{L}]+$/u, ''));
  return [...new Set(plain.filter((word) => /^\p{Ll}{4,}$/u.test(word)))].sort();
}

async function readWords(file: string): Promise<string[]> {
  const words = file.endsWith('.json')
    ? await parsed(file, wordFile)
    : (await utf8(file)).split(/\s+/).filter((word) => word !== '');
  return [...new Set(words)].sort();
}

async function readSquad(file: string): Promise<RulerQuestions> {
  const { data } = await parsed(file, squadFile);
  const place = new DocumentPlaces();
  const questions = data.flatMap(({ paragraphs }) => {
    const places = paragraphs.map(({ context }) => place.of(context));
    return paragraphs.flatMap(({ qas }, i) =>
      qas
        .filter((each) => !each.is_impossible && each.answers.length > 0)
        .map(({ question, answers }) => ({
          ...{ question, answers: answers.map(({ text }) => text), needed: [places[i]!] },
          related: places.filter((other) => other !== places[i]),
        })),
    );
  });
  return checked(file, { documents: place.documents, questions });
}

async function readHotpotQa(file: string): Promise<RulerQuestions> {
  const place = new DocumentPlaces();
  const questions = (await parsed(file, hotpotFile)).map(({ question, answer, context }) => ({
    ...{ question, answers: [answer], related: [] },
    needed: context.map(([title, sentences]) => place.of(`${title}\n${sentences.join('')}`)),
  }));
  return checked(file, { documents: place.documents, questions });
}

function checked(file: string, questions: RulerQuestions): RulerQuestions {
  if (questions.questions.length > 0) return questions;
  throw new FileFormatError(file, 'has no question with an answer');
}

class DocumentPlaces {
  readonly documents: string[] = [];
  readonly #places = new Map<string, number>();

  of(document: string): number {
    const known = this.#places.get(document);
    if (known !== undefined) return known;
    this.#places.set(document, this.documents.length);
    return this.documents.push(document) - 1;
  }
}

async function utf8(file: string): Promise<string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new FileFormatError(file, 'cannot be read as UTF-8 text', { cause });
  }
  checkIsContent(file, text);
  return text;
}

async function parsed<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  let value: unknown;
  try {
    value = JSON.parse(await utf8(file));
  } catch (cause) {
    if (cause instanceof FileFormatError) throw cause;
    throw new FileFormatError(file, `is not JSON: ${(cause as Error).message}`, { cause });
  }
  const result = schema.safeParse(value, { error: describeIssue });
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new FileFormatError(file, `${path.join('.') || 'the whole'}: ${message}`);
}
