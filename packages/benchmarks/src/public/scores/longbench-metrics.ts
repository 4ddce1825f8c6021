import { InvalidArgumentError } from '@namm/core';
import type { Metric } from './metric.js';
import { compactText, englishWords } from './normalise-answer.js';
import { digitRuns, numberFrom, roundHalfEven } from './python-text.js';
import { rougeL } from './rouge-l.js';
import { sequenceRatio } from './sequence-ratio.js';
import { tokenF1 } from './token-f1.js';

const qaF1: Metric = (prediction, answer, { quirks }) =>
  tokenF1(englishWords(prediction, quirks), englishWords(answer, quirks));

const qaF1OfWords: Metric = (prediction, answer, { quirks, words }) => {
  const tokens = (text: string) =>
    words(text)
      .map((word) => compactText(word, quirks))
      .filter((word) => word !== '');
  return tokenF1(tokens(prediction), tokens(answer));
};

const rouge: Metric = (prediction, answer, { quirks }) => rougeL(prediction, answer, quirks);

const rougeOfWords: Metric = (prediction, answer, { quirks, words }) =>
  rougeL(words(prediction).join(' '), words(answer).join(' '), quirks);

const classification: Metric = (prediction, answer, { quirks, classes }) => {
  if (classes === undefined) {
    throw new InvalidArgumentError('classes', 'are needed by a classification task');
  }
  const found = classes.filter((name) => prediction.includes(name));
  let left: string[];
  if (quirks.has('class-skip')) {
    left = [...found];
    for (let i = 0; i < left.length; i++) {
      const name = left[i]!;
      // The first of equal names is removed, and the one after it is then skipped.
      if (name !== answer && answer.includes(name)) left.splice(left.indexOf(name), 1);
    }
  } else {
    left = found.filter((name) => !found.some((other) => other !== name && other.includes(name)));
  }
  return left.includes(answer) ? 1 / left.length : 0;
};

/** The share of the numbers in an answer that are the right one. */
function shareOfNumbers(
  prediction: string,
  wanted: string,
  { quirks }: Parameters<Metric>[2],
): number {
  const numbers = digitRuns(prediction);
  if (numbers.length === 0) return 0;
  const isRight = quirks.has('numbers-as-text')
    ? (number: string) => number === wanted
    : (number: string) => numberFrom(number) === numberFrom(wanted);
  return numbers.filter(isRight).length / numbers.length;
}

function retrieval(pattern: RegExp): Metric {
  return (prediction, answer, context) => {
    const wanted = pattern.exec(answer)?.[1];
    if (wanted === undefined) {
      throw new InvalidArgumentError('answer', `'${answer}' names no paragraph`);
    }
    return shareOfNumbers(prediction, wanted, context);
  };
}

const codeSimilarity: Metric = (prediction, answer, { quirks }) => {
  const lines = prediction.replace(/^\n+/, '').split('\n');
  const isCode = quirks.has('code-line')
    ? (line: string) => !/[`#]|\/\//.test(line)
    : (line: string) => line.trim() !== '' && !line.includes('```');
  const line = lines.find(isCode) ?? '';
  if (!quirks.has('code-autojunk')) return sequenceRatio(line, answer, false);
  if (line === answer) return 1;
  if (line === '' || answer === '') return 0;
  return roundHalfEven(100 * sequenceRatio(line, answer)) / 100;
};

/** Where an answer to a retrieval task says which paragraph is right. */
export const paragraphPatterns: Readonly<Record<string, RegExp>> = {
  retrieval_score: /Paragraph (\p{Nd}+)/u,
  retrieval_zh_score: /段落(\p{Nd}+)/u,
};

/** The metrics of LongBench, by the names of its program, and those of ChouBun, which cut words with MeCab. */
export const longBenchMetrics = {
  qa_f1_score: qaF1,
  qa_f1_zh_score: qaF1OfWords,
  rouge_score: rouge,
  rouge_zh_score: rougeOfWords,
  classification_score: classification,
  retrieval_score: retrieval(paragraphPatterns.retrieval_score!),
  retrieval_zh_score: retrieval(paragraphPatterns.retrieval_zh_score!),
  count_score: (prediction, answer, context) => shareOfNumbers(prediction, answer, context),
  code_sim_score: codeSimilarity,
  qa_f1_ja_score: qaF1OfWords,
  rouge_ja_score: rougeOfWords,
} as const satisfies Record<string, Metric>;

/** Name of a metric of LongBench or ChouBun. */
export type LongBenchMetric = keyof typeof longBenchMetrics;
