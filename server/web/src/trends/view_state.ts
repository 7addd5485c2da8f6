// What the trends show at present, how hands change that, and its place in the address: each view that one settled on is an
// entry of the browser's history, so that Back is the view before.

import type { HubClock } from '../data/hub_clock';
import { Signal } from '../data/signal';
import { addressProblems, boundedSpan, MOST_EVENTS, parseView, viewQuery, type View } from './view';

const EDGE = 0.1; // of what is shown
const SETTLE_MS = 250; // so that a gesture is one view
const MOST_UNDONE = 50;
const REMEMBERED = 'webmacs.trends'; // the last view, for this tab

export class ViewState {
  current: View = parseView(new URLSearchParams());
  undecided = true; // nobody has chosen an event yet
  problems: string[] = []; // what the address asks for and cannot be shown
  readonly changed = new Signal();
  private settled = this.current; // what the address has
  private written = ''; // as its text
  private replaces = true; // what settles next is the same entry of the history
  private settling: ReturnType<typeof setTimeout> | undefined;
  private readonly times: View[] = []; // whose time was shown before

  constructor(private readonly clock: HubClock) {}

  // Ms since 1970.
  get right(): number {
    return this.current.follow ? this.clock.now() : this.current.to;
  }

  get left(): number {
    return this.right - this.current.span;
  }

  // What the address asks for; one that asks for nothing, for the last view of this tab.
  enter(query: URLSearchParams): void {
    clearTimeout(this.settling);
    const asked = query.size > 0 ? query : new URLSearchParams(sessionStorage.getItem(REMEMBERED) ?? '');
    const view = parseView(asked);
    if (isSameTime(this.times[this.times.length - 1], view)) this.times.pop();
    this.problems = addressProblems(asked);
    this.settled = view;
    this.written = viewQuery(view);
    this.apply(view);
    this.replaces = true;
    if (this.problems.length === 0) this.settleSoon();
  }

  leave(): void {
    clearTimeout(this.settling);
  }

  // Events to begin with, while nobody has chosen any.
  guess(events: string[]): void {
    if (events.join() === this.current.events.join()) return;
    this.current = { ...this.current, events };
    if (this.problems.length === 0) this.settleSoon();
  }

  // Fractions of the shown interval: 0.1 shows what is later.
  pan(fraction: number): void {
    this.look(this.current.span, this.right + fraction * this.current.span);
  }

  // `factor` < 1 shows less time; what is at `anchor` (0 left … 1 right) stays where it is.
  zoom(factor: number, anchor: number): void {
    const span = boundedSpan(this.current.span * factor);
    const to = this.right - (1 - anchor) * (this.current.span - span);
    // Zooming about the right edge of what is followed goes on following it.
    if (this.current.follow && anchor >= 0.5) this.set({ ...this.current, span });
    else this.look(span, to);
  }

  follow(span = this.current.span): void {
    this.set({ ...this.current, follow: true, span });
  }

  // An interval of its own; one that reaches into the future follows again, unless it was asked for as it is.
  look(span: number, to: number, exactly = false): void {
    const follow = !exactly && to >= this.clock.now();
    this.set({ ...this.current, follow, span: boundedSpan(span), to });
  }

  // The point of this time near the edge that it is to be seen from: what lies on its other side is shown.
  visit(time: number, side: 'before' | 'after'): void {
    const { span } = this.current;
    this.look(span, time + span * (side === 'before' ? EDGE : 1 - EDGE), true);
  }

  // The time that was shown before the last zoom or move.
  undo(): void {
    if (this.settling !== undefined) this.settle();
    const before = this.times.pop();
    if (!before) return;
    const { follow, span, to } = before;
    this.set({ ...this.current, follow, span, to });
    this.settled = this.current; // it is not to be undone itself
  }

  choose(id: string, chosen: boolean): void {
    this.undecided = false;
    const others = this.current.events.filter((event) => event !== id);
    this.set({ ...this.current, events: chosen ? [...others, id].slice(0, MOST_EVENTS) : others });
  }

  // In steps, or as a line; `holds`: what the event is drawn as by itself.
  shape(id: string, inSteps: boolean, holds: boolean): void {
    const without = (ids: string[]): string[] => ids.filter((other) => other !== id);
    const { steps, lines } = this.current;
    this.set({
      ...this.current,
      steps: inSteps && !holds ? [...without(steps), id] : without(steps),
      lines: !inSteps && holds ? [...without(lines), id] : without(lines),
    });
  }

  private set(view: View): void {
    this.replaces = false;
    this.problems = [];
    this.apply(view);
    this.settleSoon();
  }

  private apply(view: View): void {
    this.current = view;
    if (view.events.length > 0) this.undecided = false;
    this.changed.emit();
  }

  private settleSoon(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLE_MS);
  }

  private settle(): void {
    clearTimeout(this.settling);
    this.settling = undefined;
    const query = viewQuery(this.current);
    if (!this.replaces && !isSameTime(this.settled, this.current)) {
      this.times.push(this.settled);
      if (this.times.length > MOST_UNDONE) this.times.shift();
    }
    this.settled = this.current;
    if (this.replaces) history.replaceState(null, '', `#/trends?${query}`);
    else if (query !== this.written) history.pushState(null, '', `#/trends?${query}`);
    this.replaces = false;
    this.written = query;
    if (!this.undecided) sessionStorage.setItem(REMEMBERED, query);
  }
}

function isSameTime(a: View | undefined, b: View): boolean {
  return a?.follow === b.follow && a.span === b.span && (a.follow || a.to === b.to);
}
