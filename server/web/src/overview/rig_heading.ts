// A rig's heading: its name, whether it is there, and whatever is wrong with it or its devices.

import { parseTime, type Controller } from '../messages';
import { fill, h } from '../ui/dom';
import { formatCount, formatSpan, formatTime, utc } from '../ui/format';
import { icon } from '../ui/icons';

const CLOCK_S = 1;

export class RigHeading {
  readonly element = h('div', { class: 'rig-heading' });
  private readonly facts = h('p', { class: 'facts' });
  private shown = '';

  constructor(readonly name: string | null) {
    this.element.append(h('h2', {}, name ?? 'Not described by any rig'), this.facts);
  }

  show(state: Controller | undefined, now: number): void {
    const facts = state ? factsOf(state, now) : [];
    const key = facts.map((fact) => fact.join()).join();
    if (key === this.shown) return;
    this.shown = key;
    this.element.dataset.online = String(state?.online ?? true);
    fill(this.facts, ...facts.map(([kind, text, hint]) =>
      h('span', { class: 'fact', 'data-kind': kind, title: hint ?? '' }, kind === 'offline' && icon('offline'), text)));
  }
}

type Fact = [kind: 'online' | 'offline' | 'warning' | 'progress', text: string, hint?: string];

function factsOf(state: Controller, now: number): Fact[] {
  const facts: Fact[] = [];
  if (state.online) {
    facts.push(['online', 'online']);
  } else {
    const seen = state.last_seen ? parseTime(state.last_seen) : NaN;
    const text = Number.isNaN(seen) ? 'offline' : `offline, last seen ${formatSpan(now - seen)} ago`;
    facts.push(['offline', text, Number.isNaN(seen) ? '' : `${formatTime(seen)}\n${utc(seen)}`]);
  }
  if (state.online && state.backlog) {
    facts.push(['progress', `catching up: ${formatCount(state.backlog)} readings to come`]);
  }
  if (state.dropped) facts.push(['warning', `${formatCount(state.dropped)} readings dropped`, 'Its buffer was full.']);
  const offset = state.clock_offset ?? 0;
  if (Math.abs(offset) > CLOCK_S) {
    facts.push(['warning', `its clock is ${formatSpan(Math.abs(offset) * 1000)} ${offset > 0 ? 'ahead' : 'behind'}`]);
  }
  return facts;
}
