// What the trends show at present, how hands change that, and its place in the address.

import type { HubClock } from '../data/hub_clock';
import { Signal } from '../data/signal';
import { boundedSpan, MOST_EVENTS, parseView, viewQuery, type View } from './view';

const EDGE = 0.1; // of what is shown
const SETTLE_MS = 200; // so that a gesture is one change of the address
const REMEMBERED = 'webmacs.trends'; // the last view, for this tab

export class ViewState {
  current: View = parseView(new URLSearchParams());
  undecided = true; // nobody has chosen an event yet
  readonly changed = new Signal();
  private addressing: ReturnType<typeof setTimeout> | undefined;

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
    const asked = query.size > 0 ? query : new URLSearchParams(sessionStorage.getItem(REMEMBERED) ?? '');
    this.set(parseView(asked));
  }

  leave(): void {
    clearTimeout(this.addressing);
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
    this.current = view;
    if (view.events.length > 0) this.undecided = false;
    this.changed.emit();
    clearTimeout(this.addressing);
    this.addressing = setTimeout(() => this.writeAddress(), SETTLE_MS);
  }

  private writeAddress(): void {
    const query = viewQuery(this.current);
    history.replaceState(null, '', `#/trends?${query}`);
    if (!this.undecided) sessionStorage.setItem(REMEMBERED, query);
  }
}
