// The style sheet's colours for what is drawn on a canvas; read again when the system's preference changes.

export interface Colors {
  ink: string;
  quiet: string;
  grid: string;
  ground: string;
  experiment: string;
  experimentEdge: string;
  annotation: string;
  series: string[];
}

const SERIES = 10;

export function readColors(element: Element): Colors {
  const style = getComputedStyle(element);
  const get = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: get('--ink'),
    quiet: get('--quiet'),
    grid: get('--grid'),
    ground: get('--card'),
    experiment: get('--experiment'),
    experimentEdge: get('--experiment-edge'),
    annotation: get('--annotation'),
    series: Array.from({ length: SERIES }, (_, index) => get(`--series-${index}`)),
  };
}

// From the eleventh curve on the colours come again, and lines are dashed; CSS pixels.
const DASHES = [[], [7, 3], [2, 2]];

export function seriesDash(index: number): number[] {
  return DASHES[Math.floor(index / SERIES) % DASHES.length]!;
}

// The same for the legend's CSS.
export function seriesVariable(index: number): string {
  return `var(--series-${index % SERIES})`;
}

export function seriesColor(colors: Colors, index: number): string {
  return colors.series[index % SERIES]!;
}
