import { Columns } from '@/data/columns';
import { Series } from '@/data/series';
import { drawSeries, inkOf } from '@/trends/draw_series';
import { laneOf, laneShare } from '@/trends/lanes';
import { randomFrom, seed } from './random';

const SILENCE = 2000;

interface Drawn {
  vertices: [x: number, y: number][];
  rects: [x: number, y: number, width: number, height: number][];
}

// A canvas that remembers where lines and rectangles were put; one pixel is one ms, and one of the value.
function draw(columns: Columns, holds: boolean): Drawn {
  const drawn: Drawn = { vertices: [], rects: [] };
  const put = (x: number, y: number) => drawn.vertices.push([x, y]);
  const ctx = {
    moveTo: put, lineTo: put, fillRect: (...rect: Drawn['rects'][0]) => drawn.rects.push(rect),
    beginPath: () => 0, stroke: () => 0, setLineDash: () => 0,
  };
  drawSeries(ctx as unknown as CanvasRenderingContext2D, columns, (time) => time, (value) => -value,
    { color: 'black', dash: [], holds, ground: null });
  return drawn;
}

function randomSeries(random: () => number): { series: Series; points: [time: number, value: number][] } {
  const series = new Series(10_000);
  series.longestSilence = SILENCE;
  const points: [number, number][] = [];
  let time = 1_800_000_000_000;
  for (let i = 0; i < 300; i += 1) {
    time += Math.ceil(random() < 0.03 ? 6000 * random() : 300 * random());
    const value = random() < 0.05 ? NaN : 100 + Math.floor(1000 * random());
    series.add(time, value);
    if (!Number.isNaN(value)) points.push([time, value]);
  }
  return { series, points };
}

beforeEach(() => vi.stubGlobal('devicePixelRatio', 1));
afterEach(() => vi.unstubAllGlobals());

describe('what is drawn', () => {
  it(`stands at values that were measured, never between two of them (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const columns = new Columns();
    for (let run = 0; run < 100; run += 1) {
      const { series, points } = randomSeries(random);
      const holds = run % 2 === 0;
      const [from, to] = [points[0]![0], points[points.length - 1]![0]];
      columns.make(series, from, to, 10 + Math.floor(100 * random()), to, holds);
      const values = new Set(points.map(([, value]) => -value));
      const { vertices, rects } = draw(columns, holds);
      expect(vertices.length).toBeGreaterThan(10);
      for (const [, y] of vertices) expect(values.has(y)).toBe(true);
      for (const [, top, , height] of rects) {
        expect(values.has(top)).toBe(true);
        expect(values.has(top + height)).toBe(true);
      }
    }
  });

  it(`reaches each extreme (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const columns = new Columns();
    for (let run = 0; run < 100; run += 1) {
      const { series, points } = randomSeries(random);
      columns.make(series, points[0]![0], points[points.length - 1]![0], 20, points[points.length - 1]![0], run % 2 === 0);
      const { vertices, rects } = draw(columns, run % 2 === 0);
      const rows = [...vertices.map(([, y]) => y), ...rects.flatMap(([, top, , height]) => [top, top + height])];
      const values = points.map(([, value]) => value);
      expect(Math.min(...rows)).toBe(-Math.max(...values));
      expect(Math.max(...rows)).toBe(-Math.min(...values));
    }
  });

  it('has no ramp where a value holds', () => {
    const series = new Series(10);
    series.longestSilence = SILENCE;
    for (const [time, value] of [[0, 10], [1000, 20], [1500, 20]] as const) series.add(time, value);
    const columns = new Columns();
    columns.make(series, 0, 2000, 200, 1900, true);
    const { vertices } = draw(columns, true);
    expect(vertices).toEqual([[0, -10], [1000, -10], [1000, -20], [1500, -20], [1500, -20], [1900, -20]]);
  });

  it('fills more the more its columns spread', () => {
    const make = (value: (i: number) => number) => {
      const series = new Series(2000);
      series.longestSilence = SILENCE;
      for (let i = 0; i < 1000; i += 1) series.add(10 * i, value(i));
      const columns = new Columns();
      columns.make(series, 0, 10_000, 100, 10_000, false);
      return inkOf(columns, 100);
    };
    const [pump, noise, level] = [make((i) => (i % 2) * 100), make((i) => 50 + (i % 3)), make(() => 50)];
    expect(pump).toBeGreaterThan(0.9);
    expect(pump).toBeGreaterThan(noise);
    expect(noise).toBeGreaterThan(level);
    expect(level).toBe(0);
  });
});

describe('lanes', () => {
  it('stand below each other, none over another, and leave the rest of the plot to the others', () => {
    for (const count of [1, 2, 7, 20]) {
      for (const alone of [true, false]) {
        const share = laneShare(count, alone, 400);
        const lanes = Array.from({ length: count }, (_, index) => laneOf(index, count, share, 10, 400));
        for (const [index, { on, off }] of lanes.entries()) {
          expect(on).toBeLessThan(off);
          expect(on).toBeGreaterThan(index === 0 ? 10 + 400 * (1 - share) - 1e-9 : lanes[index - 1]!.off);
        }
        expect(lanes[count - 1]!.off).toBeLessThan(410);
        expect(share).toBeLessThanOrEqual(alone ? 1 : 0.5);
      }
    }
    expect(laneShare(0, true, 400)).toBe(0);
  });
});
