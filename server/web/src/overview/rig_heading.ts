// A rig's heading: its name, whether it is there, and whatever is wrong with it, its devices or its events.

import { presenceOf } from '../data/rig_state';
import { parseTime, type Controller } from '../messages';
import { fill, h } from '../ui/dom';
import { formatCount, formatSpan } from '../ui/format';
import { icon } from '../ui/icons';
import { formatTime, utc } from '../ui/instant';

const CLOCK_S = 1;

export interface Troubles {
  bad: number; // events
  stale: number;
}

export class RigHeading {
  readonly element = h('div', { class: 'rig-heading' });
  private readonly facts = h('p', { class: 'facts' });
  private shown = '';

  constructor(readonly name: string | null) {
    this.element.append(h('h2', {}, name ?? 'Not described by any rig'), this.facts);
  }

  show(state: Controller | undefined, hubIsThere: boolean, troubles: Troubles, now: number): void {
    const facts = [...(state ? factsOf(state, hubIsThere, troubles, now) : []), ...(hubIsThere ? troubleFacts(troubles) : [])];
    const key = facts.map((fact) => fact.join()).join();
    if (key === this.shown) return;
    this.shown = key;
    this.element.dataset.presence = state ? presenceOf(state, hubIsThere) : 'online';
    fill(this.facts, ...facts.map(([kind, text, hint]) =>
      h('span', { class: 'fact', 'data-kind': kind, title: hint ?? '' }, kind === 'offline' && icon('offline'), text)));
  }
}

// `online` is green, and said only of a rig with nothing wrong; `present` is one that is there.
type Kind = 'online' | 'present' | 'offline' | 'unknown' | 'bad' | 'warning' | 'progress';
type Fact = [kind: Kind, text: string, hint?: string];

function factsOf(state: Controller, hubIsThere: boolean, troubles: Troubles, now: number): Fact[] {
  if (!hubIsThere) return [['unknown', 'not known while the hub is away']];
  const facts: Fact[] = [];
  if (state.online) {
    const well = troubles.bad + troubles.stale === 0 && !state.devices?.some((device) => device.state === 'offline');
    facts.push([well ? 'online' : 'present', 'online']);
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

function troubleFacts({ bad, stale }: Troubles): Fact[] {
  const facts: Fact[] = [];
  if (bad > 0) facts.push(['bad', `${bad} bad`]);
  if (stale > 0) facts.push(['warning', `${stale} stale`]);
  return facts;
}
