// What the hub's clock says now. Ages and staleness are told by it: this computer's clock may be wrong.

const TOLERATED_MS = 2000; // the Date header counts whole seconds, and the answer took a moment
const AGAIN_MS = 10 * 60_000;

export class HubClock {
  private ahead = 0; // ms that this computer's clock is ahead
  private timer: ReturnType<typeof setInterval> | undefined;

  now(): number {
    return Date.now() - this.ahead;
  }

  start(): void {
    void this.measure();
    this.timer = setInterval(() => void this.measure(), AGAIN_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async measure(): Promise<void> {
    try {
      const asked = Date.now();
      const response = await fetch('/health', { cache: 'no-store' });
      const hub = Date.parse(response.headers.get('Date') ?? '') + 500;
      const difference = (asked + Date.now()) / 2 - hub;
      if (Number.isFinite(difference)) this.ahead = Math.abs(difference) > TOLERATED_MS ? difference : 0;
    } catch {
      // The stream's state says that the hub is away.
    }
  }
}
