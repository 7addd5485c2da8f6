// The live connection: /ws/datapoints/stream in envelopes, with recovery by cursor. After three failed attempts the
// latest values are polled over HTTP while the socket is quietly tried again. No framework, no page in it.

const MAX_ATTEMPTS = 3;
const POLL_MS = 1500;
const RETRY_MS = 30000;
const PING_MS = 10000; // of silence; twice that without an answer and the connection is taken for dead

export class DatapointStream {
  // handlers: onDatapoints(array), onStatus(controller), onState('connecting'|'live'|'polling'|'offline'|'denied')
  constructor(token, handlers) {
    this.token = token;
    this.handlers = handlers;
    this.attempts = 0;
    this.cursor = null;
    this.socket = null;
    this.timers = new Set();
    this.closed = false;
    this.polling = false;
  }

  start() {
    this.#state('connecting');
    this.#connect();
  }

  stop() {
    this.closed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.socket?.close(1000);
  }

  #after(ms, action) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.closed) action();
    }, ms);
    this.timers.add(timer);
  }

  #state(state) {
    if (state === this.state) return;
    this.state = state;
    this.handlers.onState(state);
  }

  #connect() {
    const url = new URL('/ws/datapoints/stream', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('format', 'batch');
    if (this.cursor) url.searchParams.set('since', this.cursor);
    // The token travels as a subprotocol: it is in no URL, so in no log and no history.
    const socket = new WebSocket(url, ['webmacs.v1', `bearer.${this.token}`]);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onmessage = (message) => this.#onMessage(JSON.parse(message.data));
    socket.onclose = (event) => this.#onClose(event);
    this.#watch(socket);
  }

  #watch(socket) {
    this.#after(PING_MS, () => {
      if (socket !== this.socket || socket.readyState > WebSocket.OPEN) return;
      const silent = Date.now() - this.heardAt;
      if (silent > 2 * PING_MS) return this.#onClose({ code: 1006 }); // half-open: its own close may never come
      if (silent > PING_MS && socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
      this.#watch(socket);
    });
  }

  #onMessage(message) {
    this.heardAt = Date.now();
    if (message.cursor) this.cursor = message.cursor;
    if (message.type === 'connected') {
      this.attempts = 0;
      this.#state('live');
      this.handlers.onDatapoints(message.latest);
    } else if (message.type === 'datapoints_batch') {
      this.handlers.onDatapoints(message.datapoints);
    } else if (message.type === 'status') {
      this.handlers.onStatus(message);
    }
  }

  #onClose(event) {
    if (this.closed || !this.socket) return;
    const socket = this.socket;
    this.socket = null;
    socket.onclose = null;
    socket.close();
    if (event.code === 1008) {
      this.closed = true;
      this.#state('denied');
      return;
    }
    this.attempts += 1;
    if (this.attempts < MAX_ATTEMPTS) {
      this.#state('connecting');
      this.#after(2 ** this.attempts * 500 * (0.5 + Math.random()), () => this.#connect());
      return;
    }
    this.#after(RETRY_MS * (0.8 + 0.4 * Math.random()), () => this.#connect());
    if (!this.polling) {
      this.polling = true;
      this.#poll();
    }
  }

  // Until the socket is live again.
  async #poll() {
    const state = await this.#fetchLatest();
    if (this.closed || this.state === 'live') {
      this.polling = false;
      return;
    }
    if (state === 'denied') this.stop();
    this.#state(state);
    this.#after(POLL_MS, () => this.#poll());
  }

  async #fetchLatest() {
    try {
      const response = await fetch('/api/v1/datapoints/latest', { headers: { Authorization: `Bearer ${this.token}` } });
      if (response.status === 401 || response.status === 403) return 'denied';
      if (!response.ok) return 'offline';
      const datapoints = await response.json();
      if (!this.closed) this.handlers.onDatapoints(datapoints);
      return 'polling';
    } catch {
      return 'offline';
    }
  }
}
