import { Columns } from '@/data/columns';
import { readAt } from '@/data/readout';
import { Series } from '@/data/series';
import { randomFrom, seed } from './random';

const SILENCE = 2000;

interface Point {
  time: number;
  value: number; // NaN: bad
}

function seriesOf(points: Point[]): Series {
  const series = new Series(100_000);
  series.longestSilence = SILENCE;
  for (const { time, value } of points) series.add(time, value);
  return series;
}

// Readings at uneven distances, down to microseconds, with bad ones and silences.
function randomPoints(random: () => number): Point[] {
  const points: Point[] = [];
  let time = 1_800_000_000_000 + Math.floor(1000 * random());
  for (let i = 0; i < 60; i += 1) {
    time += random() < 0.1 ? 2500 + 4000 * random() : 1 + 1500 * random();
    time = Math.round(time * 1000) / 1000;
    points.push({ time, value: random() < 0.1 ? NaN : Math.floor(10 * random()) });
  }
  return points;
}

// Times are told apart to the microsecond.
const micros = (time: number) => Math.round(1000 * time) / 1000;

// The contract, by looking at every point.
function held(points: Point[], time: number, now: number): number | null {
  const before = points.filter((point) => point.time <= time).pop();
  if (!before || Number.isNaN(before.value) || time > now || time - before.time > SILENCE) return null;
  return before.value;
}

function nearest(points: Point[], time: number): Point | null {
  const before = points.filter((point) => point.time <= time).pop();
  const after = points.find((point) => point.time > time);
  if (!before || Number.isNaN(before.value)) return null;
  if (!after) return time - before.time <= SILENCE ? before : null;
  if (after.time - before.time > SILENCE) return null;
  return !Number.isNaN(after.value) && after.time - time < time - before.time ? after : before;
}

describe('a read-out', () => {
  it(`is what held then: the last reading before, never a later one (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let run = 0; run < 100; run += 1) {
      const points = randomPoints(random);
      const series = seriesOf(points);
      const [first, last] = [points[0]!.time, points[points.length - 1]!.time];
      const now = last + 5000 * random();
      for (let i = 0; i < 100; i += 1) {
        const time = random() < 0.2 ? points[Math.floor(points.length * random())]!.time : micros(first - 3000 + (last - first + 9000) * random());
        expect(readAt(series, time, true, now)?.value ?? null).toBe(held(points, time, now));
      }
    }
  });

  it(`is a reading that there is, with its own time, where values are interpolated (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let run = 0; run < 100; run += 1) {
      const points = randomPoints(random);
      const series = seriesOf(points);
      const [first, last] = [points[0]!.time, points[points.length - 1]!.time];
      for (let i = 0; i < 100; i += 1) {
        const time = micros(first - 1000 + (last - first + 2000) * random());
        const read = readAt(series, time, false, last + 60_000);
        expect(read).toEqual(nearest(points, time));
        if (read) expect(points).toContainEqual(read);
      }
    }
  });

  it('of a valve that opened is "closed" until then', () => {
    const series = seriesOf([{ time: 0, value: 0 }, { time: 1900, value: 1 }]);
    expect([0, 1899, 1900].map((time) => readAt(series, time, true, 9000))).toEqual(
      [{ time: 0, value: 0 }, { time: 0, value: 0 }, { time: 1900, value: 1 }]);
  });

  it('finds a lone point that is a pixel away, and nothing farther off', () => {
    const series = seriesOf([{ time: 0, value: 1 }, { time: 10_000, value: 2 }, { time: 20_000, value: 3 }]);
    expect(readAt(series, 10_090, false, 30_000, 100)?.value).toBe(2);
    expect(readAt(series, 9_910, false, 30_000, 100)?.value).toBe(2);
    expect(readAt(series, 9_910, true, 30_000, 100)).toBeNull();
    expect(readAt(series, 10_110, false, 30_000, 100)).toBeNull();
  });
});

describe('columns', () => {
  it(`keep each extreme, first and last, and hold what held (seed ${seed})`, () => {
    const random = randomFrom(seed + 1);
    const columns = new Columns();
    for (let run = 0; run < 200; run += 1) {
      const points = randomPoints(random);
      const series = seriesOf(points);
      const [begin, end] = [points[0]!.time, points[points.length - 1]!.time];
      const from = begin + (end - begin) * 0.5 * random();
      const to = from + (end - begin) * (0.05 + 0.4 * random());
      const holds = random() < 0.5;
      const count = 5 + Math.floor(40 * random());
      columns.make(series, from, to, count, end, holds);
      for (let i = 1; i < columns.count - 1; i += 1) {
        const left = columns.from + i * columns.width;
        const inside = points.filter(({ time, value }) => time >= left && time < left + columns.width && !Number.isNaN(value));
        expect(columns.points[i]).toBe(inside.length);
        if (inside.length === 0) continue;
        const values = inside.map(({ value }) => value);
        expect([columns.first[i], columns.last[i]]).toEqual([values[0], values[values.length - 1]]);
        expect([columns.least[i], columns.greatest[i]]).toEqual([Math.min(...values), Math.max(...values)]);
        const until = columns.heldTo[i]!;
        if (holds && !Number.isNaN(until)) {
          expect(held(points, until - 0.001, end)).toBe(columns.last[i]);
          expect(until >= end || held(points, until + 0.002, end + 10_000) !== columns.last[i] || points.some((p) => Math.abs(p.time - until) < 0.01))
            .toBe(true);
        }
      }
    }
  });

  const columns = new Columns();

  it(`show a value that stands at either edge, however its column is rounded (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const columns = new Columns();
    for (let run = 0; run < 2000; run += 1) {
      const from = 1_796_098_565_000 + Math.floor(1e6 * random());
      const to = from + Math.ceil(10 ** (2 + 5 * random()));
      const series = new Series(10);
      series.add(from, 1);
      series.add((from + to) / 2, 2);
      series.add(to, 3);
      columns.make(series, from, to, 20 + Math.floor(1000 * random()), to, run % 2 === 0);
      expect([columns.lowest, columns.highest]).toEqual([1, 3]);
    }
  });

  it('know the value that holds through all of what is shown', () => {
    columns.make(seriesOf([{ time: 0, value: 7 }, { time: 1900, value: 8 }]), 500, 1500, 10, 9000, true);
    expect([columns.lowest, columns.highest]).toEqual([7, 7]);
  });

  it('hold the newest value until now, and until its silence is a gap', () => {
    const series = seriesOf([{ time: 0, value: 7 }, { time: 1000, value: 8 }]);
    columns.make(series, 0, 5000, 50, 1500, true);
    expect([columns.heldTo[columns.lastGood], columns.endsGood]).toEqual([1500, true]);
    columns.make(series, 0, 5000, 50, 4000, true);
    expect([columns.heldTo[columns.lastGood], columns.endsGood]).toEqual([3000, false]);
  });

  it('hold a value until it is bad, and not over a gap', () => {
    const series = seriesOf([{ time: 0, value: 7 }, { time: 500, value: NaN }, { time: 600, value: 1 }, { time: 9000, value: 2 }]);
    columns.make(series, 0, 10_000, 100, 9500, true);
    const ends = [...columns.heldTo].filter((time) => !Number.isNaN(time));
    expect(ends).toEqual([500, 2600, 9500]);
  });

  it('of a time without data show nothing, whatever stands before and after', () => {
    const series = seriesOf([{ time: 0, value: 7 }, { time: 100_000, value: 8 }]);
    for (const holds of [true, false]) {
      columns.make(series, 50_000, 60_000, 10, 200_000, holds);
      expect(columns.lowest).toBeGreaterThan(columns.highest);
    }
  });
});
