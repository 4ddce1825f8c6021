import { expect, it } from 'vitest';
import { Pace } from '../engine/pace.js';
import { eventStream } from './event-stream.js';

it('holds the answer while its reader is slow, and loses nothing', async () => {
  const pace = new Pace();
  const released: number[] = [];
  pace.listen(() => released.push(sent));
  let sent = 0;
  const text = 'x'.repeat(1000);
  const response = eventStream(
    async (sink) => {
      await undefined; // until the stream is there
      while (sent < 300) {
        while (pace.isHeld) await new Promise((resolve) => setTimeout(resolve, 1));
        sink.send({ sent: sent++, text });
      }
    },
    () => {},
    () => {},
    pace,
  );
  while (!pace.isHeld) await new Promise((resolve) => setTimeout(resolve, 1));
  const before = sent;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([sent, pace.isHeld]).toEqual([before, true]);
  expect(before * text.length).toBeLessThan(2 * 65_536);
  const all = await response.text();
  expect([...all.matchAll(/"sent":(\d+)/g)].map(([, i]) => Number(i))).toEqual([
    ...Array(300).keys(),
  ]);
  expect(released.length).toBeGreaterThan(1);
});

it('tells when the reader has gone, and holds nobody then', async () => {
  const pace = new Pace();
  let hasLeft = false;
  const response = eventStream(
    (sink) => new Promise((resolve) => setTimeout(() => resolve(sink.send({ late: true })), 5)),
    () => {},
    () => {
      hasLeft = true;
    },
    pace,
  );
  pace.hold();
  await response.body!.cancel();
  expect([hasLeft, pace.isHeld]).toEqual([true, false]);
});
