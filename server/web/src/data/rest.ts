// The hub's REST as the dashboard uses it. Every failure is an ApiError whose message can be shown to a person.

import type { Annotation, Controller, EventDescription, Experiment, Me, Role, StoreState, Uncovered } from '../messages';
import { rfc3339 } from '../ui/instant';

export class ApiError extends Error {
  // `status` is 0 when the hub was not reached.
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface SeriesPoint {
  timestamp: string;
  value: number | null; // null: a gap
}

export type ExperimentDraft = Partial<Pick<Experiment, 'name' | 'controllers' | 'started_on' | 'stopped_on' | 'notes'>>;

interface Page<T> {
  total: number;
  data: T[];
}

const PAGE_SIZE = 100;
const MOST_PAGES = 50;
const EVENTS_PER_SERIES = 20;
const PATIENCE_MS = 30_000;

export class Rest {
  // `denied` is called when the hub does not know the token (any more).
  constructor(
    private readonly token: string,
    private readonly denied: () => void,
  ) {}

  events(): Promise<EventDescription[]> {
    return this.all<EventDescription>('/api/v1/events');
  }

  async controllers(): Promise<Controller[]> {
    const answer = await this.ask<Controller[] | Page<Controller>>('GET', '/api/v1/controllers');
    return Array.isArray(answer) ? answer : answer.data;
  }

  experiments(): Promise<Experiment[]> {
    return this.all<Experiment>('/api/v1/experiments');
  }

  createExperiment(draft: ExperimentDraft): Promise<Experiment> {
    return this.ask('POST', '/api/v1/experiments', draft);
  }

  store(): Promise<StoreState> {
    return this.ask('GET', '/api/v1/store');
  }

  // What the hub says that somebody should look at.
  async warnings(): Promise<string[]> {
    return (await this.ask<{ warnings?: string[] }>('GET', '/health')).warnings ?? [];
  }

  changeExperiment(id: string, draft: ExperimentDraft): Promise<Experiment & Uncovered> {
    return this.ask('PUT', experimentPath(id), draft);
  }

  stopExperiment(id: string): Promise<Experiment> {
    return this.ask('PUT', `${experimentPath(id)}/stop`);
  }

  async deleteExperiment(id: string): Promise<Uncovered> {
    return (await this.ask<Uncovered | undefined>('DELETE', experimentPath(id))) ?? {};
  }

  async annotate(id: string, timestamp: string, text: string): Promise<void> {
    await this.ask('POST', `${experimentPath(id)}/annotations`, { timestamp, text });
  }

  async deleteAnnotation(id: string, annotation: Annotation): Promise<void> {
    const key = annotation.public_id ?? annotation.id;
    await this.ask('DELETE', `${experimentPath(id)}/annotations/${encodeURIComponent(String(key))}`);
  }

  // An address on this hub that downloads once, without a token, within 60 s. It is tried before: a browser that saves what
  // it finds there could not tell why it is not a file. Asking for its head alone leaves it good.
  async exportLink(id: string, wide: boolean): Promise<string> {
    const answer = await this.ask<{ url: string }>('POST', `${experimentPath(id)}/export/csv/link${wide ? '?shape=wide' : ''}`);
    const { pathname, search } = new URL(answer.url, location.origin);
    await this.ask('HEAD', pathname + search);
    return pathname + search;
  }

  // Times in milliseconds since 1970.
  async series(ids: string[], from: number, to: number, mostPoints: number): Promise<Map<string, SeriesPoint[]>> {
    const found = new Map<string, SeriesPoint[]>();
    for (let first = 0; first < ids.length; first += EVENTS_PER_SERIES) {
      const answer = await this.ask<Record<string, SeriesPoint[]>>('POST', '/api/v1/datapoints/series', {
        event_public_ids: ids.slice(first, first + EVENTS_PER_SERIES),
        from: rfc3339(from),
        to: rfc3339(to),
        max_points: Math.min(4000, Math.max(10, Math.round(mostPoints))),
      });
      for (const [id, points] of Object.entries(answer)) found.set(id, points);
    }
    return found;
  }

  // What the token may do. Null when the hub could not be asked.
  async role(): Promise<Role | null> {
    try {
      return (await this.ask<Me>('GET', '/api/v1/me')).role;
    } catch (error) {
      return error instanceof ApiError && error.status === 404 ? this.roleByRefusal() : null;
    }
  }

  // A hub of 0.1 does not tell; stopping an experiment that cannot exist is refused there to a token that may stop none.
  private async roleByRefusal(): Promise<Role | null> {
    try {
      await this.ask('PUT', `${experimentPath('exp_none')}/stop`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return 'viewer';
      if (error instanceof ApiError && [404, 409, 422].includes(error.status)) return 'operator';
    }
    return null;
  }

  private async all<T>(path: string): Promise<T[]> {
    const found: T[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const answer = await this.ask<Page<T>>('GET', `${path}?page=${page}&page_size=${PAGE_SIZE}`);
      found.push(...answer.data);
      if (answer.data.length === 0 || found.length >= answer.total) break;
    }
    return found;
  }

  private async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    try {
      return await askHub<T>(method, path, this.token, body);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.denied();
      throw error;
    }
  }
}

// The token that a one-time code gives. Throws an ApiError whose message says why it gives none.
export async function exchangeCode(code: string): Promise<string> {
  return (await askHub<{ token: string }>('POST', '/api/v1/session', null, { code })).token;
}

// Whose token it is; null when the hub does not take it, and not when it cannot be asked.
export async function nameOf(token: string): Promise<string | null> {
  try {
    return (await askHub<Me>('GET', '/api/v1/me', token)).name;
  } catch (error) {
    return error instanceof ApiError && error.status === 401 ? null : 'somebody';
  }
}

async function askHub<T>(method: string, path: string, token: string | null, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new ApiError(0, 'The hub cannot be reached.');
  }
  if (!response.ok) throw new ApiError(response.status, await problemText(response));
  return (response.status === 204 ? undefined : await response.json().catch(() => undefined)) as T;
}

function experimentPath(id: string): string {
  return `/api/v1/experiments/${encodeURIComponent(id)}`;
}

async function problemText(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { title?: string; detail?: string };
    return problem.detail ?? problem.title ?? statusText(response.status);
  } catch {
    return statusText(response.status);
  }
}

// For an answer without words: a HEAD's, or a proxy's.
function statusText(status: number): string {
  if (status === 404 || status === 410) return 'It is not there (any more).';
  if (status === 429) return 'Too much was asked of the hub at once. Try again in a minute.';
  if (status >= 502 && status <= 504) return 'The hub cannot answer this now: it is busy, or its store is away. Try again soon.';
  return `The hub answered ${status}.`;
}
