// A reporter of Vitest for output that is not a terminal: a line for every tenth of the files, so that a long run says
// how far it is. In a terminal Vitest's own summary says it.
export default class TestProgress {
  #files = 0;
  #done = 0;
  #failed = 0;
  #start = 0;

  onTestRunStart(specifications) {
    this.#files = specifications.length;
    this.#start = performance.now();
  }

  onTestModuleEnd(module) {
    this.#done++;
    if (module.state() === 'failed') this.#failed++;
    const tenth = (count) => Math.floor((10 * count) / this.#files);
    if (tenth(this.#done) === tenth(this.#done - 1)) return;
    const minutes = ((performance.now() - this.#start) / 60_000).toFixed(1);
    const failed = this.#failed === 0 ? 'none failed' : `${this.#failed} with failures`;
    console.log(`tests: ${this.#done} of ${this.#files} files, ${failed}, ${minutes} min`);
  }
}
