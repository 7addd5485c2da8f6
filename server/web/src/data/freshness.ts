// When a value is stale, by the contract's rule; the same silence is a gap in a plot.

import type { EventDescription } from '../messages';

const LEAST_MS = 2000;
const UNDESCRIBED_MS = 30_000;

export function longestSilence(event: EventDescription | undefined): number {
  const expected = event?.max_silence ?? event?.poll_interval;
  return expected ? Math.max(3000 * expected, LEAST_MS) : UNDESCRIBED_MS;
}

// Whether a value holds until the next one (contract, "holds"): others are interpolated between readings.
export function holdsValue(event: EventDescription | undefined): boolean {
  return event?.type === 'digital' || (event?.states != null && Object.keys(event.states).length > 0) || event?.max_silence != null;
}

export type Quality = 'good' | 'bad' | 'stale' | 'unknown' | 'none';

// `measured`: when the latest datapoint was, by the hub's clock; `arrived`: when it came here. The older of both counts,
// so that a controller whose clock is ahead cannot make its last value look fresh.
export function ageOf(now: number, measured: number, arrived: number): number {
  return Math.max(0, now - Math.min(measured, arrived));
}
