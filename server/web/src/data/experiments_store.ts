// The experiments, newest first, and which of them runs.

import type { Datapoint, Experiment, Role } from '../messages';
import type { Rest } from './rest';
import { Signal } from './signal';

export class ExperimentsStore {
  list: Experiment[] = [];
  loaded = false; // once the hub has told them
  role: Role | null = null; // null: not known yet
  readonly changed = new Signal();
  private readonly seen = new Set<string>();

  constructor(private readonly rest: Rest) {}

  async load(): Promise<void> {
    try {
      const list = await this.rest.experiments();
      list.sort((a, b) => Date.parse(b.started_on) - Date.parse(a.started_on));
      this.list = list;
      this.role ??= await this.rest.role();
      this.loaded = true;
    } catch {
      return; // What was known stays while the hub is away.
    }
    this.changed.emit();
  }

  // An experiment that was started elsewhere shows itself in the datapoints that belong to it.
  notice(points: Datapoint[]): void {
    for (const { experiment_public_id: id } of points) {
      if (id === null || this.seen.has(id)) continue;
      this.seen.add(id);
      if (!this.list.some((experiment) => experiment.public_id === id)) void this.load();
    }
  }

  running(now: number): Experiment[] {
    return this.list.filter(
      (experiment) =>
        Date.parse(experiment.started_on) <= now &&
        (experiment.stopped_on === null || Date.parse(experiment.stopped_on) > now),
    );
  }

  find(id: string): Experiment | undefined {
    return this.list.find((experiment) => experiment.public_id === id);
  }

  get mayChange(): boolean {
    return this.role === 'operator' || this.role === 'admin';
  }
}
