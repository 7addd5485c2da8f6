import { ageOf, longestSilence } from '@/data/freshness';
import { HubClock } from '@/data/hub_clock';
import { LiveStore } from '@/data/live_store';
import { SeriesStore } from '@/data/series_store';
import { parseTime, type Datapoint, type EventDescription } from '@/messages';

const START = Date.parse('2025-01-15T14:32:00.000Z');

function point(second: number, value: number | null, more: Partial<Datapoint> = {}): Datapoint {
  return {
    public_id: 'dp', event_public_id: 't', value, timestamp: new Date(START + 1000 * second).toISOString(),
    experiment_public_id: null, ...(value === null ? { quality: 'bad', reason: 'timeout' } : {}), ...more,
  };
}

const described: EventDescription = { event_public_id: 't', poll_interval: 0.5, controller: 'rig1' };

let live: LiveStore;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  live = new LiveStore(new HubClock());
  live.hubIsThere = true;
});
afterEach(() => vi.useRealTimers());

describe('time', () => {
  it('keeps microseconds', () => {
    expect(parseTime('2025-01-15T14:32:00.000250Z')).toBeCloseTo(START + 0.25, 3);
    expect(parseTime('2025-01-15T14:32:00.000Z')).toBe(START);
  });
});

describe('staleness', () => {
  it('is three polls, at least two seconds, or thirty seconds for what nobody described', () => {
    expect(longestSilence(described)).toBe(2000);
    expect(longestSilence({ ...described, poll_interval: 10 })).toBe(30_000);
    expect(longestSilence({ ...described, max_silence: 60 })).toBe(180_000);
    expect(longestSilence(undefined)).toBe(30_000);
  });

  it('comes with time alone', () => {
    live.setEvents([described]);
    live.addPoints([point(0, 1)]);
    expect(live.quality('t')).toBe('good');
    vi.setSystemTime(START + 2000);
    expect(live.quality('t')).toBe('good');
    vi.setSystemTime(START + 2001);
    expect(live.quality('t')).toBe('stale');
  });

  it('does not come over a bad value while its controller is online', () => {
    live.setEvents([described]);
    live.setControllers([{ name: 'rig1', online: true, last_seen: null }]);
    live.addPoints([point(0, null)]);
    vi.setSystemTime(START + 3_600_000);
    expect(live.quality('t')).toBe('bad');
    live.setController({ name: 'rig1', online: false, last_seen: null });
    expect(live.quality('t')).toBe('stale');
  });

  it('is at once with all that an offline controller sent', () => {
    live.setEvents([described]);
    live.addPoints([point(0, 1)]);
    live.setController({ name: 'rig1', online: false, last_seen: null });
    expect(live.quality('t')).toBe('stale');
  });

  it('gives way to not knowing while the browser has no hub', () => {
    live.setEvents([described]);
    live.addPoints([point(0, 1), { ...point(0, null), event_public_id: 'b' }]);
    live.hubIsThere = false;
    expect(['t', 'b', 'never'].map((id) => live.quality(id))).toEqual(['unknown', 'unknown', 'none']);
  });

  it('is not put off by a clock that is ahead', () => {
    live.setEvents([described]);
    live.addPoints([point(3600, 1)]);
    vi.setSystemTime(START + 5000);
    expect(live.quality('t')).toBe('stale');
    expect(ageOf(10_000, 999_999, 4000)).toBe(6000);
  });

  it('allows for a clock that the hub knows to be behind', () => {
    live.setEvents([described]);
    live.setControllers([{ name: 'rig1', online: true, last_seen: null, clock_offset: -60 }]);
    live.addPoints([point(-60, 1)]);
    expect(live.quality('t')).toBe('good');
  });
});

describe('the latest values', () => {
  it('never go back', () => {
    live.addPoints([point(5, 5)]);
    live.addPoints([point(4, 4), point(5, 99)]);
    expect(live.latest.get('t')!.point.value).toBe(5);
  });

  it('tell of events that nobody has described here', () => {
    let told = 0;
    live.unknownCame.subscribe(() => (told += 1));
    live.addPoints([point(0, 1)]);
    live.addPoints([point(1, 1)]);
    expect(told).toBe(1);
  });
});

describe('the series store', () => {
  it('holds the hub\'s history and what comes live behind it, without doubles', () => {
    live.setEvents([described]);
    const store = new SeriesStore(live, 1000);
    store.select(['t']);
    store.add([point(2, 2), point(3, 3)], true);
    store.setHistory('t', [0, 1, 2].map((s) => ({ timestamp: point(s, s).timestamp, value: s })), START, START + 10_000, 1000, true);
    store.add([point(3, 3), point(4, 4), { ...point(4, 4), event_public_id: 'other' }], true);
    expect([...store.of('t').values.subarray(0, store.of('t').length)]).toEqual([0, 1, 2, 3, 4]);
    expect(store.of('other').length).toBe(0);
  });

  it('fills a hole with what is replayed out of order', () => {
    live.setEvents([described]);
    const store = new SeriesStore(live, 1000);
    store.add([point(0, 0), point(9, 9)], false); // polled
    store.add([1, 2, 3, 4, 5, 6, 7, 8].map((s) => point(s, s)), false); // replayed
    const series = store.of('t');
    expect([...series.values.subarray(0, series.length)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('marks where good data ends', () => {
    const store = new SeriesStore(live, 1000);
    store.add([point(0, 1), point(1, null)], false);
    expect(store.of('t').values[1]).toBeNaN();
  });
});
