import { element } from '../../element.js';
import { toDom } from '../page.js';

/** What a {@link Timeline} needs to know. */
export interface TimelineOptions {
  /** From 1 on. */
  readonly steps: number;
  /** What a step is called, such as `update`. */
  readonly noun: string;
  /** Is told the step, from 0 on, whenever another one is to be shown, and says it in words. */
  readonly onStep: (step: number) => string;
}

/** Playing takes about this long, in milliseconds, but is never too fast to see or too slow to wait for. */
const playingTime = 20_000;
const shortestStep = 60;
const longestStep = 700;

/** Drawn, because not every system has a font with the signs of a player. */
const icons = {
  previous: 'M11 3L5 8L11 13',
  play: 'M4 2L14 8L4 14Z',
  pause: 'M3 2H7V14H3ZM9 2H13V14H9Z',
  next: 'M5 3L11 8L5 13',
};

/** Goes through the steps of anything: a slider, buttons for one step, a player, and a line that says where it is. */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #slider = document.createElement('input');
  readonly #play: HTMLButtonElement;
  readonly #state = document.createElement('output');
  #step: number;
  #timer = 0;

  /** Fills a container with its controls; it stands at the last step, and has told nobody yet. */
  constructor(container: HTMLElement, options: TimelineOptions) {
    const { steps, noun } = options;
    this.#options = options;
    this.#step = steps - 1;
    const goBy = (by: number) => () => {
      this.#stop();
      this.goTo(this.#step + by);
    };
    this.#play = makeButton('play', `play the ${noun}s`, () => this.#toggle());
    Object.assign(this.#slider, { type: 'range', min: '1', max: String(steps) });
    this.#slider.ariaLabel = noun;
    this.#slider.addEventListener('input', () => {
      this.#stop();
      this.goTo(Number(this.#slider.value) - 1);
    });
    this.#slider.addEventListener('keydown', (event) => {
      if (event.key !== ' ') return;
      event.preventDefault();
      this.#toggle();
    });
    container.classList.add('timeline');
    container.role = 'group';
    container.ariaLabel = `${noun}s`;
    container.replaceChildren(
      makeButton('previous', `previous ${noun}`, goBy(-1)),
      this.#play,
      makeButton('next', `next ${noun}`, goBy(1)),
      this.#slider,
      this.#state,
    );
  }

  /** The step that is shown. */
  get step(): number {
    return this.#step;
  }

  /** Shows a step, or the first or last when there is none of that number. */
  goTo(step: number): void {
    this.#step = Math.min(this.#options.steps - 1, Math.max(0, step));
    const state = this.#options.onStep(this.#step);
    this.#state.textContent = state;
    this.#slider.value = String(this.#step + 1);
    this.#slider.ariaValueText = state;
  }

  #toggle(): void {
    const { steps } = this.#options;
    if (this.#timer !== 0) {
      this.#stop();
      return;
    }
    if (this.#step === steps - 1) this.goTo(0);
    const delay = Math.min(longestStep, Math.max(shortestStep, playingTime / steps));
    this.#timer = setInterval(() => {
      this.goTo(this.#step + 1);
      if (this.#step === steps - 1) this.#stop();
    }, delay);
    this.#showPlaying();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#showPlaying();
  }

  #showPlaying(): void {
    const isPlaying = this.#timer !== 0;
    const label = isPlaying ? 'pause' : `play the ${this.#options.noun}s`;
    setIcon(this.#play, isPlaying ? 'pause' : 'play', label);
    this.#state.ariaLive = isPlaying ? 'off' : 'polite';
  }
}

function makeButton(icon: keyof typeof icons, label: string, onClick: () => void) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = icon;
  setIcon(button, icon, label);
  button.addEventListener('click', onClick);
  return button;
}

function setIcon(button: HTMLButtonElement, icon: keyof typeof icons, label: string): void {
  if (button.ariaLabel === label) return;
  button.ariaLabel = label;
  button.title = label;
  const size = { width: 16, height: 16, viewBox: '0 0 16 16', 'aria-hidden': 'true' };
  const name = icons[icon].endsWith('Z') ? 'filled icon' : 'icon';
  button.replaceChildren(
    toDom(element('svg', { class: name, ...size }, element('path', { d: icons[icon] }))),
  );
}
