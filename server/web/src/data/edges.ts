// What stands just beyond the edges of a fetched interval: a value that holds into it was measured before, and a line that
// leaves it ends after it.

import { parseTime } from '../messages';
import { rfc3339 } from '../ui/instant';
import type { SeriesPoint } from './rest';

// The points of an interval with the last one before and the first one after it, where no more than `silence` ms lie
// between; all three in the order of time. A silence that is longer stays a gap.
export function withEdges(before: SeriesPoint[], within: SeriesPoint[], after: SeriesPoint[], silence: number): SeriesPoint[] {
  const lead = before[before.length - 1];
  const trail = after.find((point) => point.value !== null);
  const points = [...within];
  const first = points.find((point) => point.value !== null) ?? trail;
  if (lead && lead.value !== null) {
    if (first && points[0]?.value !== null && distance(lead, first) > silence) points.unshift(gapAfter(lead, silence));
    points.unshift(lead);
  }
  const last = points[points.length - 1];
  if (trail) {
    if (last && last.value !== null && distance(last, trail) > silence) points.push(gapAfter(last, silence));
    points.push(trail);
  }
  return points;
}

function distance(a: SeriesPoint, b: SeriesPoint): number {
  return parseTime(b.timestamp) - parseTime(a.timestamp);
}

function gapAfter({ timestamp }: SeriesPoint, silence: number): SeriesPoint {
  return { timestamp: rfc3339(parseTime(timestamp) + silence), value: null };
}
