import { withEdges } from '@/data/edges';
import type { SeriesPoint } from '@/data/rest';

const START = Date.parse('2025-01-15T14:32:00.000Z');
const at = (second: number, value: number | null): SeriesPoint => ({ timestamp: new Date(START + 1000 * second).toISOString(), value });
const shown = (points: SeriesPoint[]) => points.map(({ timestamp, value }) => [(Date.parse(timestamp) - START) / 1000, value]);

describe('what stands beyond the edges of what was fetched', () => {
  it('is the last point before and the first after', () => {
    expect(shown(withEdges([at(0, 1), at(5, 2)], [at(12, 3)], [at(20, 4), at(21, 5)], 10_000))).toEqual(
      [[5, 2], [12, 3], [20, 4]]);
  });

  it('stays apart by a gap where it was silent for too long', () => {
    expect(shown(withEdges([at(0, 1)], [at(12, 3)], [at(30, 4)], 10_000))).toEqual(
      [[0, 1], [10, null], [12, 3], [22, null], [30, 4]]);
    expect(shown(withEdges([at(0, 1)], [], [at(30, 4)], 10_000))).toEqual([[0, 1], [10, null], [30, 4]]);
  });

  it('is not told where good data ended before it', () => {
    expect(shown(withEdges([at(0, 1), at(5, null)], [at(12, 3)], [at(14, null)], 10_000))).toEqual([[12, 3]]);
    expect(shown(withEdges([at(5, 1)], [at(6, null)], [at(7, 2)], 10_000))).toEqual([[5, 1], [6, null], [7, 2]]);
  });

  it('is a value that holds through an interval without points', () => {
    expect(shown(withEdges([at(5, 1)], [], [], 10_000))).toEqual([[5, 1]]);
  });
});
