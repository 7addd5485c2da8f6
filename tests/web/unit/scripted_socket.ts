// What the browser's WebSocket is to the service, with a test at its other end.

export class ScriptedSocket {
  static made: ScriptedSocket[] = [];

  // The newest that was opened.
  static get last(): ScriptedSocket {
    return this.made[this.made.length - 1]!;
  }

  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: string[] = [];
  closedWith: number | null = null;
  readonly url: URL;

  constructor(
    url: string | URL,
    readonly protocols: string[],
  ) {
    this.url = new URL(url);
    ScriptedSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  // ---- what the hub does

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  greet(cursor = 'a:1', recovered = false, latest: object[] = []): void {
    this.say({ type: 'connected', cursor, recovered, latest });
  }

  drop(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason });
  }
}
