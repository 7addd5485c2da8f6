// What the hub sends, as docs/protocol.md has it. Nothing here is trusted beyond its shape: texts are shown as text.

export interface Datapoint {
  public_id: string;
  value: number | null; // null when bad
  timestamp: string; // RFC 3339, UTC, up to microseconds
  event_public_id: string;
  experiment_public_id: string | null;
  quality?: 'good' | 'bad';
  reason?: string;
}

export interface EventDescription {
  event_public_id: string;
  name?: string | null;
  type?: 'analog' | 'digital' | null;
  unit?: string | null;
  min_value?: number | null;
  max_value?: number | null;
  poll_interval?: number | null; // seconds
  max_silence?: number | null; // seconds
  states?: Record<string, string> | null; // the names of values
  device?: string | null;
  controller?: string | null;
}

export interface DeviceState {
  name: string;
  state: 'online' | 'offline' | 'unknown'; // unknown: of a controller that is offline
  error: string | null;
  advice?: string; // of one that is online: what would help it
}

export interface Controller {
  name: string;
  online: boolean;
  last_seen: string | null;
  agent?: string | null; // null while it has not reported
  version?: string | null;
  backlog?: number | null;
  dropped?: number | null;
  clock_offset?: number | null; // seconds that its clock is ahead of the hub's
  devices?: DeviceState[] | null;
}

export interface Annotation {
  public_id?: string;
  id?: string | number;
  timestamp: string;
  text: string;
}

export interface Experiment {
  public_id: string;
  name: string;
  controllers: string[] | null; // null: all
  started_on: string;
  stopped_on: string | null;
  notes: string | null;
  annotations: Annotation[];
}

// What a change of an experiment took its cover from, while the hub removes what is old.
export interface Uncovered {
  uncovered?: number;
  uncovered_at_least?: number;
  until?: string; // how long it is safe
}

// The record's size and rules. Seconds and bytes; a rule of 0 removes nothing.
export interface StoreState {
  bytes: number;
  bytes_left: number | null;
  bytes_on_disk: number | null;
  days_until_full: number | null;
  retention: number;
  grace: number;
  max_size: number;
}

export type Role = 'controller' | 'viewer' | 'operator' | 'admin';

// Who the token is.
export interface Me {
  name: string;
  role: Role;
  expires: string | null;
}

export interface Backfill {
  event_public_ids: string[];
  from: string;
  to: string;
}

export type FeedMessage =
  | { type: 'connected'; cursor: string; recovered: boolean; latest: Datapoint[] }
  | { type: 'datapoints_batch'; cursor: string; datapoints: Datapoint[]; skipped?: number }
  | ({ type: 'backfilled'; cursor: string } & Backfill)
  | ({ type: 'status' } & Controller)
  | { type: 'pong' };

// Milliseconds since 1970, with microseconds as their fraction. NaN when it is no time.
export function parseTime(text: string): number {
  const milliseconds = Date.parse(text);
  return text.length === 27 && text.endsWith('Z') ? milliseconds + Number(text.slice(23, 26)) / 1000 : milliseconds;
}
