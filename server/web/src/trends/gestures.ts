// Hands on the plot: the wheel zooms around the pointer, Shift and drag moves, keys do all of it. One finger that taps sets
// the cursor, one that rests moves it, one that is drawn moves the plot, two zoom. Drawing an interval with the mouse is
// uPlot's own.

export interface Mover {
  // Fractions of the shown interval: 0.1 shows what is later.
  pan(fraction: number): void;
  // `factor` < 1 shows less time; what is at `anchor` (0 left … 1 right) stays where it is.
  zoom(factor: number, anchor: number): void;
  follow(): void;
  undo(): void; // the last zoom or move
  moveCursor(pixels: number): void;
  placeCursor(left: number): void; // CSS pixels from the left edge of the data's area
}

const REST_MS = 300; // until a finger that stays has the cursor
const STILL = 8; // CSS pixels that a finger may move and still stay

// `plotted` answers where on the page the data's area is.
export function watchGestures(area: HTMLElement, plotted: () => DOMRect, mover: Mover): void {
  const fingers = new Map<number, number>(); // pointer -> x
  let begun = 0; // where the only finger came down
  let begunAt = 0; // and when, as events are stamped
  let mode: 'tap' | 'cursor' | 'move' = 'move';
  let resting: ReturnType<typeof setTimeout> | undefined;
  const place = (x: number): number => {
    const box = plotted();
    return Math.min(1, Math.max(0, (x - box.left) / box.width));
  };
  const setCursor = (x: number): void => mover.placeCursor(x - plotted().left);

  area.addEventListener('wheel', (event) => {
    event.preventDefault();
    const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      mover.pan(((event.deltaX || event.deltaY) * step) / plotted().width);
    } else {
      mover.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * step * 0.002))), place(event.clientX));
    }
  }, { passive: false });

  area.addEventListener('dblclick', () => mover.undo());
  area.addEventListener('contextmenu', (event) => {
    if (fingers.size > 0) event.preventDefault(); // a finger that rests has the cursor
  });

  // uPlot listens for the mouse; a drag that moves must not reach it.
  area.addEventListener('mousedown', (event) => {
    if (event.shiftKey || event.button === 1) event.stopImmediatePropagation();
  }, { capture: true });
  area.addEventListener('pointerdown', (event) => {
    const touches = event.pointerType === 'touch';
    if (!touches && !event.shiftKey && event.button !== 1) return;
    event.preventDefault();
    area.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event.clientX);
    clearTimeout(resting);
    mode = touches && fingers.size === 1 ? 'tap' : 'move';
    if (mode === 'move') return;
    begun = event.clientX;
    begunAt = event.timeStamp;
    resting = setTimeout(() => {
      mode = 'cursor';
      setCursor(begun);
    }, REST_MS);
  });
  area.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const stays = Math.abs(event.clientX - begun) <= STILL;
    if (mode === 'tap' && stays) return;
    // A busy page may hear of a finger's move only after the time in which it would have rested.
    if (mode === 'tap' || (mode === 'cursor' && !stays && event.timeStamp - begunAt < REST_MS)) {
      clearTimeout(resting);
      mode = 'move';
    }
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
    if (mode === 'cursor') {
      setCursor(event.clientX);
    } else if (others.length === 0) {
      mover.pan((before - event.clientX) / plotted().width);
    } else {
      const other = others[0]!;
      const distance = Math.abs(event.clientX - other);
      if (distance > 10) mover.zoom(Math.abs(before - other) / distance, place(other));
    }
    fingers.set(event.pointerId, event.clientX);
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    area.addEventListener(end, (event) => {
      if (!fingers.delete(event.pointerId)) return;
      clearTimeout(resting);
      if (end === 'pointerup' && mode === 'tap') setCursor(event.clientX);
      mode = 'move';
    });
  }
}

export function onPlotKey(event: KeyboardEvent, mover: Mover): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (direction !== 0) {
    if (event.shiftKey) mover.moveCursor(direction * 10);
    else mover.pan(direction * 0.1);
  } else if (event.key === '+' || event.key === '=') {
    mover.zoom(0.5, 0.5);
  } else if (event.key === '-') {
    mover.zoom(2, 0.5);
  } else if (event.key === 'Backspace') {
    mover.undo();
  } else if (event.key === 'f' || event.key === 'End') {
    mover.follow();
  } else {
    return;
  }
  event.preventDefault();
}
