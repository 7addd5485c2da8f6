// The experiments, newest first, and which of them runs. `supported` is false where the hub keeps none.

import type { Datapoint, Experiment } from '../messages';
import { ApiError, type Rest } from './rest';
import type { Role } from './role';
import { Signal } from './signal';

export class ExperimentsStore {
  list: Experiment[] = [];
  supported: boolean | null = null; // null: not known yet
  role: Role | null = null; // null: not known yet
  readonly changed = new Signal();
  private seen = new Set<string>();

  constructor(private readonly rest: Rest) {}

  async load(): Promise<void> {
    try {
      const list = await this.rest.experiments();
      list.sort((a, b) => Date.parse(b.started_on) - Date.parse(a.started_on));
      this.list = list;
      this.role ??= await this.rest.role();
      this.supported = true;
    } catch (error) {
      // What was known stays while the hub is away.
      if (!(error instanceof ApiError) || ![404, 405].includes(error.status)) return;
      this.supported = false;
    }
    this.changed.emit();
  }

  // An experiment that was started elsewhere shows itself in the datapoints that belong to it.
  notice(points: Datapoint[]): void {
    if (this.supported === false) return;
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
    return this.supported === true && this.role === 'operator';
  }
}
