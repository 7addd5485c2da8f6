import { Series } from '@/data/series';
import { Sparkline } from '@/overview/sparkline';
import { randomFrom, seed } from './random';

const FROM = 1_800_000_000_000;
const TO = FROM + 300_000;
const HEIGHT = 40;

// What the drawing takes of a page: elements that remember.
class Element {
  readonly attributes = new Map<string, string>();
  readonly style = { visibility: '' };
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  append(): void {
    return;
  }
}

beforeEach(() => vi.stubGlobal('document', { createElementNS: () => new Element() }));
afterEach(() => vi.unstubAllGlobals());

function drawn(points: [time: number, value: number][], holds: boolean): { path: string; isDotted: boolean; dot: number[] } {
  const series = new Series(10_000);
  series.longestSilence = 20_000;
  for (const [time, value] of points) series.add(time, value);
  const sparkline = new Sparkline();
  sparkline.resize(200, HEIGHT);
  sparkline.draw(series, FROM, TO, holds);
  const { line, dot } = sparkline as unknown as { line: Element; dot: Element };
  return {
    path: line.attributes.get('d')!,
    isDotted: dot.style.visibility === 'visible',
    dot: ['cx', 'cy'].map((name) => Number(dot.attributes.get(name))),
  };
}

// The vertical places of a path.
function heights(path: string): number[] {
  return [...path.matchAll(/[ML][-\d.]+ ([-\d.]+)|V([-\d.]+)/g)].map(([, point, line]) => Number(point ?? line));
}

describe('the course of a tile', () => {
  it(`is a path of numbers from the least to the greatest value, whatever was measured (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 300; round += 1) {
      const size = 10 ** (616 * random() - 308);
      const begin = FROM - 400_000 * random();
      const points: [number, number][] = [];
      for (let time = begin; time < TO + 60_000 && points.length < 200; time += 1 + 10_000 * random() ** 4 * 4) {
        points.push([time, random() < 0.1 ? NaN : size * (2 * random() - 1)]);
      }
      const { path, isDotted, dot } = drawn(points, random() < 0.5);
      expect(path).toMatch(/^([MLHV][-\d. ]+)*$/);
      if (isDotted) for (const place of dot) expect(place).not.toBeNaN();
      const shown = points.filter(([time, value]) => time >= FROM + 2000 && time < TO - 2000 && !Number.isNaN(value));
      if (shown.length < 2) continue;
      const inside = heights(path);
      expect(Math.min(...inside)).toBeLessThanOrEqual(3.05);
      expect(Math.max(...inside)).toBeGreaterThanOrEqual(HEIGHT - 3.05);
    }
  });

  it('is empty where only an older point is known, which no longer holds', () => {
    expect(drawn([[FROM - 60_000, 5]], false)).toMatchObject({ path: '', isDotted: false });
    expect(drawn([], true)).toMatchObject({ path: '', isDotted: false });
  });

  it('ends in a dot at the newest point, though the clock of its rig is ahead', () => {
    const { isDotted, dot } = drawn([[TO - 1000, 5], [TO + 30_000, 6]], true);
    expect(isDotted).toBe(true);
    expect(dot.every(Number.isFinite)).toBe(true);
  });
});
