// What a series says of a moment: the point that held then, with the point's own time.

import { lowerBound } from './search';
import type { Series } from './series';

export interface ReadOut {
  time: number; // the point's own, ms since 1970
  value: number;
}

// The last point before `time` where values hold, else the nearest one; null where nothing is known: in a gap, before the
// first point, later than `now`. `reach`: so far (ms) a point counts as being at `time`, though data ends there.
export function readAt(series: Series, time: number, holds: boolean, now: number, reach = 0): ReadOut | null {
  const after = lowerBound(series.times, series.length, time + 0.0005); // half a microsecond: a point at `time` is before it
  const before = pointAt(series, after - 1);
  const next = pointAt(series, after);
  const found = holds || after === series.length
    ? before && holdsUntil(series, after, time, now) ? before : null
    : between(series, after, time, before, next);
  if (found) return found;
  if (before && time - before.time <= reach) return before;
  return !holds && next && next.time - time <= reach ? next : null;
}

function pointAt(series: Series, index: number): ReadOut | null {
  const value = series.values[index];
  if (index < 0 || index >= series.length || value === undefined || Number.isNaN(value)) return null;
  return { time: series.times[index]!, value };
}

// Whether the point before `after` still holds at `time`.
function holdsUntil(series: Series, after: number, time: number, now: number): boolean {
  const isRecent = time - series.times[after - 1]! <= series.longestSilence;
  return after === series.length ? isRecent && time <= now : isRecent || !series.gapBefore(after);
}

function between(series: Series, after: number, time: number, before: ReadOut | null, next: ReadOut | null): ReadOut | null {
  if (!before || series.gapBefore(after)) return null;
  return next && next.time - time < time - before.time ? next : before;
}
