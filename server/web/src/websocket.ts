// The live connection to the hub: /ws/datapoints/stream in envelopes, recovered by cursor after an interruption. When
// three attempts in a row have failed, the latest values are polled over HTTP while the socket is quietly tried again.
// No framework and no page in it: handlers are told what happened.

import type { Backfill, Controller, Datapoint, FeedMessage } from './messages';

export type ConnectionState =
  | 'connecting' // trying the socket
  | 'live' // the socket brings every datapoint
  | 'polling' // no socket; the latest values come over HTTP
  | 'offline' // neither
  | 'denied'; // the token is bad; nothing is tried until a new stream is made with another one

export interface StreamHandlers {
  onState(state: ConnectionState, reason: string): void; // `reason`: the hub's words when denied, else ''
  onDatapoints(points: Datapoint[]): void;
  onBackfilled(range: Backfill): void;
  onStatus(controller: Controller): void;
  onHole(since: number): void; // datapoints since then (ms since 1970, this computer's clock) may not have come
}

export const ATTEMPTS = 3;
export const FIRST_DELAY_MS = 500; // doubled with every failed attempt, halved at most by jitter
export const POLL_MS = 1500;
export const QUIET_RETRY_MS = 30_000;
export const ANSWER_MS = 10_000; // for the socket to open and greet, for a poll to be answered
export const PING_AFTER_MS = 10_000; // of silence; as long again without an answer and the connection is dead
export const HERD_MS = 2000; // when a hub returns, its dashboards do so spread over this time

const DENIED = 1008;

export class DatapointStream {
  private socket: WebSocket | null = null;
  private state: ConnectionState | null = null;
  private cursor = ''; // of the last envelope; empty before the first
  private failures = 0; // attempts in a row that brought no greeting
  private fallback = false; // polling, and trying the socket quietly
  private stopped = false;
  private heardAt = 0;
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private poll: AbortController | null = null;

  constructor(
    private readonly token: string,
    private readonly handlers: StreamHandlers,
    private readonly origin: string = location.origin,
  ) {}

  start(): void {
    this.enter('connecting');
    this.connect();
  }

  // Ends everything at once; no handler is called any more.
  stop(): void {
    this.stopped = true;
    this.clearAll();
    this.poll?.abort();
    const socket = this.socket;
    this.socket = null;
    if (socket) close(socket);
  }

  // For when there is reason to believe that it works again: the network is back, the page is looked at again.
  tryNow(): void {
    if (this.stopped || this.socket) return;
    this.connect();
  }

  // ---- the socket

  private connect(): void {
    this.clear('retry');
    const url = new URL('/ws/datapoints/stream', this.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('format', 'batch');
    if (this.cursor) url.searchParams.set('since', this.cursor);
    // The token travels as a subprotocol: it is in no URL, so in no log and no history.
    const socket = new WebSocket(url, ['webmacs.v1', `bearer.${this.token}`]);
    this.socket = socket;
    socket.onmessage = (message) => this.onMessage(String(message.data));
    socket.onclose = (event) => this.onLost(event.code, event.reason);
    this.after('watch', ANSWER_MS, () => this.onLost(1006, ''));
  }

  private onMessage(text: string): void {
    let message: FeedMessage;
    try {
      message = JSON.parse(text) as FeedMessage;
    } catch {
      return; // no hub of ours; the next one may be
    }
    const silentSince = this.heardAt;
    this.heardAt = Date.now();
    this.watch();
    switch (message.type) {
      case 'connected':
        return this.onConnected(message.cursor, message.recovered, message.latest, silentSince);
      case 'datapoints_batch':
        this.cursor = message.cursor;
        this.handlers.onDatapoints(message.datapoints);
        if (message.skipped) this.handlers.onHole(silentSince);
        return;
      case 'backfilled':
        this.cursor = message.cursor;
        return this.handlers.onBackfilled(message);
      case 'status':
        return this.handlers.onStatus(message);
      case 'pong':
        return; // that it came is all that it says
    }
  }

  private onConnected(cursor: string, recovered: boolean, latest: Datapoint[], silentSince: number): void {
    const missed = this.cursor !== '' && !recovered;
    this.cursor = cursor;
    this.failures = 0;
    this.fallback = false;
    this.clear('poll');
    this.poll?.abort();
    this.enter('live');
    this.handlers.onDatapoints(latest);
    if (missed) this.handlers.onHole(silentSince);
  }

  // Asks after a silence, and takes a connection that does not answer for dead: its own close may never come.
  private watch(): void {
    this.after('watch', PING_AFTER_MS, () => {
      this.socket?.send('{"type":"ping"}');
      this.after('watch', PING_AFTER_MS, () => this.onLost(1006, ''));
    });
  }

  private onLost(code: number, reason: string): void {
    const socket = this.socket;
    if (!socket) return;
    this.socket = null;
    this.clear('watch');
    close(socket);
    if (code === DENIED) return this.deny(reason);
    if (this.state !== 'live') this.failures += 1;
    if (this.fallback || this.failures >= ATTEMPTS) return this.fallBack();
    this.enter('connecting');
    const longest = FIRST_DELAY_MS * 2 ** this.failures;
    this.after('retry', longest * (0.5 + 0.5 * Math.random()), () => this.connect());
  }

  private deny(reason: string): void {
    this.stop();
    this.state = 'denied';
    this.handlers.onState('denied', reason);
  }

  // ---- polling

  private fallBack(): void {
    this.after('retry', QUIET_RETRY_MS, () => this.connect());
    if (this.fallback) return;
    this.fallback = true;
    void this.pollOnce();
  }

  private async pollOnce(): Promise<void> {
    const before = this.state;
    const poll = new AbortController();
    this.poll = poll;
    this.after('poll', ANSWER_MS, () => poll.abort());
    const state = await this.fetchLatest(poll.signal);
    if (this.stopped || !this.fallback || this.poll !== poll) return;
    if (state === 'denied') return this.deny('Invalid or expired token');
    this.enter(state);
    this.after('poll', POLL_MS, () => void this.pollOnce());
    if (before === 'offline' && state === 'polling' && !this.socket) {
      this.after('retry', HERD_MS * Math.random(), () => this.connect());
    }
  }

  private async fetchLatest(signal: AbortSignal): Promise<'polling' | 'offline' | 'denied'> {
    try {
      const response = await fetch(new URL('/api/v1/datapoints/latest', this.origin), {
        headers: { Authorization: `Bearer ${this.token}` },
        cache: 'no-store',
        signal,
      });
      if (response.status === 401 || response.status === 403) return 'denied';
      if (!response.ok) return 'offline';
      const latest = (await response.json()) as Datapoint[];
      if (!signal.aborted) this.handlers.onDatapoints(latest);
      return 'polling';
    } catch {
      return 'offline';
    }
  }

  // ---- state and timers

  private enter(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.handlers.onState(state, '');
  }

  // One timer per name; a new one replaces the old one.
  private after(name: string, ms: number, action: () => void): void {
    this.clear(name);
    const timer = setTimeout(() => {
      this.timers.delete(name);
      action();
    }, ms);
    this.timers.set(name, timer);
  }

  private clear(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }

  private clearAll(): void {
    for (const name of [...this.timers.keys()]) this.clear(name);
  }
}

function close(socket: WebSocket): void {
  socket.onmessage = null;
  socket.onclose = null;
  socket.close(1000);
}
