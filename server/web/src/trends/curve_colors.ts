// Which place in the palette each plotted event has: it keeps its colour while it is plotted.

export class CurveColors {
  private readonly places = new Map<string, number>();

  // The colours of events that are not among `plotted` are free again.
  keep(plotted: string[]): void {
    for (const id of [...this.places.keys()]) if (!plotted.includes(id)) this.places.delete(id);
  }

  of(id: string): number {
    const known = this.places.get(id);
    if (known !== undefined) return known;
    const taken = new Set(this.places.values());
    let place = 0;
    while (taken.has(place)) place += 1;
    this.places.set(id, place);
    return place;
  }
}
