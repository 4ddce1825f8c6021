import type { LongBenchMetric } from './longbench-metrics.js';

/** What is fixed about a task of LongBench or ChouBun. */
export interface LongBenchTask {
  readonly metric: LongBenchMetric;
  readonly family: string;
  readonly language: 'en' | 'zh' | 'ja' | 'code';
  readonly maxNewTokens: number;
  /** The first line of an answer is scored alone, and prompts are never put in a chat template: they are examples to go on with. */
  readonly isFewShot?: true;
}

const task = (
  family: string,
  language: LongBenchTask['language'],
  metric: LongBenchMetric,
  maxNewTokens: number,
): LongBenchTask => ({ family, language, metric, maxNewTokens });

const fewShot = (...of: Parameters<typeof task>): LongBenchTask => ({
  ...task(...of),
  isFewShot: true,
});

/** The 21 tasks of LongBench, in its order. */
export const longBenchTasks: Readonly<Record<string, LongBenchTask>> = {
  narrativeqa: task('single-document QA', 'en', 'qa_f1_score', 128),
  qasper: task('single-document QA', 'en', 'qa_f1_score', 128),
  multifieldqa_en: task('single-document QA', 'en', 'qa_f1_score', 64),
  multifieldqa_zh: task('single-document QA', 'zh', 'qa_f1_zh_score', 64),
  hotpotqa: task('multi-document QA', 'en', 'qa_f1_score', 32),
  '2wikimqa': task('multi-document QA', 'en', 'qa_f1_score', 32),
  musique: task('multi-document QA', 'en', 'qa_f1_score', 32),
  dureader: task('multi-document QA', 'zh', 'rouge_zh_score', 128),
  gov_report: task('summarisation', 'en', 'rouge_score', 512),
  qmsum: task('summarisation', 'en', 'rouge_score', 512),
  multi_news: task('summarisation', 'en', 'rouge_score', 512),
  vcsum: task('summarisation', 'zh', 'rouge_zh_score', 512),
  trec: fewShot('few-shot', 'en', 'classification_score', 64),
  triviaqa: fewShot('few-shot', 'en', 'qa_f1_score', 32),
  samsum: fewShot('few-shot', 'en', 'rouge_score', 128),
  lsht: fewShot('few-shot', 'zh', 'classification_score', 64),
  passage_count: task('synthetic', 'en', 'count_score', 32),
  passage_retrieval_en: task('synthetic', 'en', 'retrieval_score', 32),
  passage_retrieval_zh: task('synthetic', 'zh', 'retrieval_zh_score', 32),
  lcc: task('code', 'code', 'code_sim_score', 64),
  'repobench-p': task('code', 'code', 'code_sim_score', 64),
};

/** The four tasks of ChouBun. */
export const chouBunTasks: Readonly<Record<string, LongBenchTask>> = {
  wiki_qa: task('QA', 'ja', 'qa_f1_ja_score', 64),
  edinet_qa: task('QA', 'ja', 'qa_f1_ja_score', 64),
  corp_sec_qa: task('QA', 'ja', 'qa_f1_ja_score', 64),
  corp_sec_sum: task('summarisation', 'ja', 'rouge_ja_score', 128),
};
