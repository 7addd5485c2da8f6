// The present: the latest datapoint of each event, what the events are, and how their controllers are.

import { parseTime, type Controller, type Datapoint, type EventDescription } from '../messages';
import { ageOf, longestSilence, type Quality } from './freshness';
import type { HubClock } from './hub_clock';
import { Signal } from './signal';

const TRUSTED_CLOCK_S = 1; // the contract warns beyond it

export interface Latest {
  point: Datapoint;
  time: number; // ms since 1970, as stamped
  arrived: number; // by the hub's clock
}

export class LiveStore {
  readonly events = new Map<string, EventDescription>();
  readonly latest = new Map<string, Latest>();
  readonly controllers = new Map<string, Controller>();

  hubIsThere = false; // its values come, live or polled

  readonly layoutChanged = new Signal(); // events, or who they belong to
  readonly controllersChanged = new Signal();
  readonly pointsCame = new Signal<Datapoint[]>();
  readonly unknownCame = new Signal(); // a datapoint of an event that nobody has described here

  constructor(private readonly clock: HubClock) {}

  addPoints(points: Datapoint[]): void {
    const arrived = this.clock.now();
    let unknown = false;
    for (const point of points) {
      const id = point.event_public_id;
      const time = parseTime(point.timestamp);
      const known = this.latest.get(id);
      if (known && known.time >= time) continue;
      unknown ||= !known && !this.events.has(id);
      this.latest.set(id, { point, time, arrived });
    }
    if (unknown) {
      this.layoutChanged.emit();
      this.unknownCame.emit();
    }
    this.pointsCame.emit(points);
  }

  setEvents(events: EventDescription[]): void {
    const before = JSON.stringify([...this.events.values()]);
    this.events.clear();
    for (const event of events) this.events.set(event.event_public_id, event);
    if (JSON.stringify([...this.events.values()]) !== before) this.layoutChanged.emit();
  }

  setControllers(controllers: Controller[]): void {
    this.controllers.clear();
    for (const controller of controllers) this.controllers.set(controller.name, controller);
    this.controllersChanged.emit();
  }

  setController(controller: Controller): void {
    this.controllers.set(controller.name, controller);
    this.controllersChanged.emit();
  }

  // Every event that is described or has a datapoint.
  ids(): string[] {
    return [...new Set([...this.events.keys(), ...this.latest.keys()])];
  }

  // Milliseconds; infinite while there is no datapoint.
  age(id: string): number {
    const latest = this.latest.get(id);
    if (!latest) return Infinity;
    return ageOf(this.clock.now(), latest.time - this.clockOffset(id), latest.arrived);
  }

  // As the contract has it: nothing is known while the browser has no hub; of an offline controller everything is stale;
  // bad stays bad, however old.
  quality(id: string): Quality {
    const latest = this.latest.get(id);
    if (!latest) return 'none';
    if (!this.hubIsThere) return 'unknown';
    if (this.controllers.get(this.events.get(id)?.controller ?? '')?.online === false) return 'stale';
    if (latest.point.quality === 'bad') return 'bad';
    return this.age(id) > longestSilence(this.events.get(id)) ? 'stale' : 'good';
  }

  private clockOffset(id: string): number {
    const controller = this.controllers.get(this.events.get(id)?.controller ?? '');
    const seconds = controller?.clock_offset ?? 0;
    return Math.abs(seconds) > TRUSTED_CLOCK_S ? 1000 * seconds : 0;
  }
}
