import { HubClock } from '@/data/hub_clock';
import { addressProblems } from '@/trends/view';
import { ViewState } from '@/trends/view_state';

const NOW = Date.parse('2025-01-15T12:00:00.000Z');
const HOUR = 3_600_000;

// The browser's history, as far as a page moves in it.
class Entries {
  list = ['#/trends'];
  at = 0;

  pushState(_state: null, _title: string, address: string): void {
    this.list.splice(this.at + 1, Infinity, address);
    this.at += 1;
  }

  replaceState(_state: null, _title: string, address: string): void {
    this.list[this.at] = address;
  }

  back(view: ViewState): void {
    this.at -= 1;
    view.enter(new URLSearchParams(this.list[this.at]!.split('?')[1] ?? ''));
  }
}

let entries: Entries;
let view: ViewState;

const settle = () => vi.advanceTimersByTime(1000);
const enter = (query: string) => {
  view.enter(new URLSearchParams(query));
  settle();
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  entries = new Entries();
  vi.stubGlobal('history', entries);
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text) });
  view = new ViewState(new HubClock());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('back', () => {
  it('is the view before', () => {
    enter('events=a&range=1h');
    view.zoom(0.5, 0.2);
    settle();
    view.choose('b', true);
    settle();
    expect(entries.list).toHaveLength(3);
    const zoomed = { ...view.current, events: ['a'] };
    entries.back(view);
    expect(view.current).toEqual(zoomed);
    entries.back(view);
    expect(view.current).toMatchObject({ events: ['a'], follow: true, span: HOUR });
  });

  it('is one step for a gesture of many', () => {
    enter('events=a&range=1h');
    for (let i = 0; i < 30; i += 1) {
      view.zoom(0.95, 0.3);
      vi.advanceTimersByTime(16);
    }
    settle();
    expect(entries.list).toHaveLength(2);
  });

  it('leads to no entry that the page made up while it was entered', () => {
    view.enter(new URLSearchParams());
    view.guess(['a', 'b']);
    settle();
    expect(entries.list).toEqual(['#/trends?events=a,b&range=5m']);
  });
});

describe('a double click', () => {
  it('undoes zooms one by one, keeps the events, and then does nothing', () => {
    enter('events=a&range=1h');
    view.look(600_000, NOW - HOUR);
    settle();
    view.look(60_000, NOW - HOUR);
    view.choose('b', true);
    view.undo(); // before it has settled
    settle();
    expect(view.current).toMatchObject({ events: ['a', 'b'], span: 600_000, to: NOW - HOUR });
    view.undo();
    settle();
    expect(view.current).toMatchObject({ events: ['a', 'b'], follow: true, span: HOUR });
    view.undo();
    expect(view.current).toMatchObject({ follow: true, span: HOUR });
  });
});

describe('an address that asks for what is not there', () => {
  it.each(['range=5y', 'range=', 'from=x&to=2025-01-01T00:00:00Z', 'from=2025-01-01T00:00:00Z', 'zoom=3', 'events=a,b&rnage=5m',
    'from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z', 'from=1990-01-01T00:00:00Z&to=2025-01-01T00:00:00Z',
    `events=${Array.from({ length: 21 }, (_, i) => `e${i}`).join()}`])('says so, and stays as it is: %s', (query) => {
    expect(addressProblems(new URLSearchParams(query))).toHaveLength(1);
    entries.list = [`#/trends?${query}`];
    enter(query);
    expect(view.problems).toHaveLength(1);
    expect(entries.list).toEqual([`#/trends?${query}`]);
    view.pan(-1);
    expect(view.problems).toEqual([]);
  });

  it.each(['', 'events=a,b&range=90s', 'events=a&from=2025-01-15T14:00:00.000123Z&to=2025-01-15T14:00:00.000456Z&steps=a'])(
    'has no complaint about a right one: %s', (query) => {
      expect(addressProblems(new URLSearchParams(query))).toEqual([]);
    });
});
