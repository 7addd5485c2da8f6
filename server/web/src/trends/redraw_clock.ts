// When the plot is drawn: in the next frame after a change, and again after as long as the drawing itself asks for.

export class RedrawClock {
  private pause: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;

  // `draw` answers in how many ms it wants to be called again though nothing changed.
  constructor(private readonly draw: () => number) {}

  soon(): void {
    this.stop();
    this.frame = requestAnimationFrame(() => {
      this.pause = setTimeout(() => this.soon(), this.draw());
    });
  }

  stop(): void {
    clearTimeout(this.pause);
    cancelAnimationFrame(this.frame);
  }
}
