import { Columns } from '@/data/columns';
import { Series } from '@/data/series';

const pairs = (series: Series) => Array.from({ length: series.length }, (_, i) => [series.times[i], series.values[i]]);

function filled(times: number[], value: (time: number) => number = (time) => time, most = 100_000): Series {
  const series = new Series(most);
  series.longestSilence = 2000;
  for (const time of times) series.add(time, value(time));
  return series;
}

const everySecond = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => 1000 * (from + i));

describe('points', () => {
  it('stay in the order of time, however they come, and a known time keeps its value', () => {
    const series = filled([1000, 3000, 2000]);
    series.add(2000, 99);
    expect(pairs(series)).toEqual([[1000, 1000], [2000, 2000], [3000, 3000]]);
  });

  it('grow beyond the first capacity', () => {
    const series = filled(everySecond(0, 5000));
    expect(series.length).toBe(5000);
    expect(series.values[4999]).toBe(4_999_000);
  });

  it('are found by time', () => {
    const series = filled([1000, 2000, 4000]);
    expect([0, 1400, 1600, 2999, 3001, 9000].map((time) => series.nearest(time))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(new Series(10).nearest(5)).toBe(-1);
  });

  it('that are too old go', () => {
    const series = filled(everySecond(0, 2000));
    series.trimBefore(1_500_000);
    expect(series.length).toBe(500);
    expect(series.times[0]).toBe(1_500_000);
  });
});

describe('history from the hub', () => {
  it('replaces what was there, and keeps what came after it was asked', () => {
    const series = filled(everySecond(5, 12));
    series.replace(0, 20_000, [0, 1000, 8000, 9000], [7, 7, 7, 7], 1000);
    expect(pairs(series)).toEqual([[0, 7], [1000, 7], [8000, 7], [9000, 7], [10_000, 10_000], [11_000, 11_000]]);
  });

  it('of nothing leaves what came live', () => {
    const series = filled(everySecond(5, 8));
    series.replace(0, 20_000, [], [], 1000);
    expect(series.length).toBe(3);
  });

  it('does not make gaps of its own coarseness, but keeps those that it tells', () => {
    const series = filled([]);
    series.replace(0, 100_000, [0, 20_000, 30_000, 40_000, 60_000], [1, 2, NaN, 3, 4], 20_000);
    series.add(61_000, 5);
    expect([1, 2, 3, 4, 5].map((i) => series.gapBefore(i))).toEqual([false, false, false, false, false]);
    series.add(64_000, 6);
    expect(series.gapBefore(6)).toBe(true);
  });

  it('joins what came live, though its last point is up to two intervals old', () => {
    const series = filled([]);
    series.replace(0, 100_000, [0, 20_000], [1, 2], 20_000);
    series.add(55_000, 3);
    expect(series.gapBefore(2)).toBe(false);
    const other = filled([]);
    other.replace(0, 100_000, [0, 20_000], [1, 2], 20_000);
    other.add(61_000, 3);
    expect(other.gapBefore(2)).toBe(true);
  });
});

describe('a series that reaches its bound', () => {
  it('loses no spike and no mark, and stays within it', () => {
    const series = new Series(1000);
    series.longestSilence = 2000;
    for (let i = 0; i < 5000; i += 1) series.add(1000 * i, i === 123 ? 1e6 : i === 321 ? -1e6 : i === 200 ? NaN : 1);
    expect(series.length).toBeLessThanOrEqual(1000);
    const values = pairs(series).map(([, value]) => value!);
    expect(Math.max(...values.filter((value) => !Number.isNaN(value)))).toBe(1e6);
    expect(Math.min(...values.filter((value) => !Number.isNaN(value)))).toBe(-1e6);
    expect(values.filter(Number.isNaN)).toHaveLength(1);
    expect(Array.from({ length: series.length - 1 }, (_, i) => series.gapBefore(i + 1))).not.toContain(true);
  });

  it('still shows a silence as a gap', () => {
    const series = new Series(1000);
    series.longestSilence = 2000;
    for (let i = 0; i < 2000; i += 1) series.add(1000 * i + (i >= 100 ? 60_000 : 0), 1);
    const columns = new Columns();
    columns.make(series, 0, 2_060_000, 206, 2_060_000, false);
    const broken = [...columns.broken].filter(Boolean);
    expect(broken).toHaveLength(2); // at its beginning, and after the silence
  });
});

describe('columns', () => {
  const columns = new Columns();

  it('hold first, last, least and greatest of their points', () => {
    const series = filled([0, 100, 200, 300, 1000], (time) => [5, 9, 1, 6][time / 100] ?? 4);
    columns.make(series, 0, 2000, 2, 2000, false);
    expect([columns.first[1], columns.last[1], columns.least[1], columns.greatest[1]]).toEqual([5, 6, 1, 9]);
    expect([columns.first[2], columns.points[2], columns.broken[2]]).toEqual([4, 1, 0]);
    expect([columns.lowest, columns.highest]).toEqual([1, 9]);
  });

  it('break where it was silent for too long, and where data is bad', () => {
    const series = filled([0, 1000, 4000, 5000]);
    series.add(6000, NaN);
    series.add(7000, 7);
    columns.make(series, 0, 8000, 8, 8000, false);
    expect([...columns.points]).toEqual([0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0]);
    expect([1, 2, 5, 6, 8].map((i) => columns.broken[i])).toEqual([1, 0, 1, 0, 1]);
  });

  it('know whether the newest point is still good', () => {
    const series = filled([0, 1000]);
    columns.make(series, 0, 4000, 4, 2500, false);
    expect(columns.endsGood).toBe(true);
    columns.make(series, 0, 4000, 4, 4000, false);
    expect(columns.endsGood).toBe(false);
    series.add(1500, NaN);
    columns.make(series, 0, 4000, 4, 1600, false);
    expect(columns.endsGood).toBe(false);
  });

  it('reach one point beyond either edge, so that lines leave the plot', () => {
    columns.make(filled(everySecond(0, 10)), 3500, 6500, 3, 6500, false);
    expect([...columns.points]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([columns.firstTime[0], columns.lastTime[5]]).toEqual([2000, 7000]);
    expect([columns.lowest, columns.highest]).toEqual([3000, 6000]);
  });

  it('have a range also where a line only passes through', () => {
    columns.make(filled([1000, 2000]), 1200, 1800, 3, 9000, false);
    expect([...columns.points]).toEqual([1, 0, 0, 0, 0, 1]);
    expect([columns.lowest, columns.highest]).toEqual([1000, 2000]);
  });

  it('keep their points together while the plot moves', () => {
    const series = filled(Array.from({ length: 600 }, (_, i) => 1_795_000_000_000 + 100 * i), (time) => time % 7);
    const shown = (now: number): string[] => {
      columns.make(series, now - 30_000, now, 43, now, false);
      const inner = [...columns.points.keys()].slice(2, -3); // those that stand wholly within
      return inner.map((i) => `${columns.firstTime[i]}: ${columns.points[i]}, ${columns.least[i]}, ${columns.greatest[i]}`);
    };
    const before = shown(1_795_000_050_000.5);
    expect(shown(1_795_000_051_234.5).filter((column) => before.includes(column)).length).toBeGreaterThan(35);
  });

  it('of nothing are empty', () => {
    columns.make(new Series(10), 0, 1000, 10, 1000, false);
    expect([columns.lastGood, columns.endsGood, columns.lowest > columns.highest]).toEqual([-1, false, true]);
  });
});
