// What stands on the plot while none of its curves has data there: since when, until when, and the way to where some is.

import type { SeriesPoint } from '../data/rest';
import { parseTime } from '../messages';
import { fill, h, show } from '../ui/dom';
import { formatTime } from '../ui/instant';
import type { Workspace } from '../workspace';

const SETTLE_MS = 300; // while the view still moves
const FEW_POINTS = 10; // the first and the last of an interval are always among them
const LAST = Date.UTC(2199, 11, 31); // the hub's bound of time, about

interface Found {
  before: number | null; // ms since 1970, of the newest point before what is shown
  after: number | null;
}

export class NoData {
  readonly element = h('div', { class: 'plot-empty', role: 'status', hidden: true });
  private readonly body = h('div', { class: 'no-data' });
  private searching: ReturnType<typeof setTimeout> | undefined;
  private shown = '';
  private search = 0;

  // `go`: the point of this time is to be seen; 'before' where it is the newest of what comes before.
  constructor(
    private readonly workspace: Workspace,
    private readonly go: (time: number, side: 'before' | 'after') => void,
  ) {
    this.element.append(this.body);
  }

  dispose(): void {
    clearTimeout(this.searching);
    this.search += 1;
  }

  hide(): void {
    if (this.shown === '') return;
    this.shown = '';
    this.dispose();
    show(this.element, false);
  }

  // None of these events has data in [left, right]; `follow`: the right edge is now, and moves.
  show(ids: string[], left: number, right: number, follow: boolean): void {
    const key = JSON.stringify(follow ? [ids, right - left] : [ids, left, right]);
    if (key === this.shown) return;
    this.shown = key;
    const sentence = `No data from ${formatTime(left)} to ${follow ? 'now' : formatTime(right)}.`;
    fill(this.body, h('p', {}, sentence));
    show(this.element, true);
    this.dispose();
    this.searching = setTimeout(() => void this.find(ids, left, right, sentence), SETTLE_MS);
  }

  private async find(ids: string[], left: number, right: number, sentence: string): Promise<void> {
    const search = ++this.search;
    const { rest } = this.workspace;
    try {
      const [before, after] = await Promise.all([
        rest.series(ids, 0, left, FEW_POINTS), rest.series(ids, right, LAST, FEW_POINTS),
      ]);
      if (search !== this.search) return;
      this.tell(sentence, {
        before: extreme([...before.values()].map((points) => points.filter(isGood).pop()), Math.max),
        after: extreme([...after.values()].map((points) => points.find(isGood)), Math.min),
      });
    } catch {
      return; // that there is no data is so; where some is, the connection does not say
    }
  }

  private tell(sentence: string, { before, after }: Found): void {
    fill(this.body, h('p', {}, sentence),
      before !== null && h('p', {}, `The newest before is of ${formatTime(before)}. `, this.button(before, 'before')),
      after !== null && h('p', {}, `The next after is of ${formatTime(after)}. `, this.button(after, 'after')),
      before === null && after === null && h('p', {}, 'There is none before and none after either.'));
  }

  private button(time: number, side: 'before' | 'after'): HTMLElement {
    return h('button', { type: 'button', 'data-side': side, onclick: () => this.go(time, side) }, 'Go there');
  }
}

function isGood(point: SeriesPoint): boolean {
  return point.value !== null;
}

function extreme(points: (SeriesPoint | undefined)[], choose: (...times: number[]) => number): number | null {
  const times = points.filter((point) => point !== undefined).map((point) => parseTime(point.timestamp));
  return times.length > 0 ? choose(...times) : null;
}
