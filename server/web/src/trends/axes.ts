// The plot's axes: time below, a vertical one per unit, left and right in turns.

import type uPlot from 'uplot';
import { seriesColor, type Colors } from './colors';
import { scaleOf, type Curve } from './curve';
import { marksWithin, markTexts, type Mark } from './marks';
import { timeMarks, timeTexts, type TimeMarks } from './time_marks';

const FONT = '12px system-ui, sans-serif';

export function timeAxis(narrow: boolean, colors: Colors): uPlot.Axis {
  let most = 0;
  let marks: TimeMarks = { step: 1, times: [] };
  return {
    stroke: colors.quiet,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1 },
    font: FONT,
    space: narrow ? 62 : 84,
    size: 42,
    incrs: (_plot, _axis, _min, _max, pixels, space) => {
      most = pixels / space;
      return [Number.MAX_VALUE];
    },
    splits: (_plot, _axis, min, max) => {
      marks = timeMarks(min, max, most);
      return marks.times;
    },
    values: () => timeTexts(marks, Date.now()),
  };
}

// The axis of the `index`-th scale. One that a single curve has, has its colour. `lanes` answers how much of it, from below,
// has no values because digital signals stand there: 0 … 1; or null where no curve of it has data to be read.
export function valueAxis(
  scale: string,
  curves: Curve[],
  index: number,
  colors: Colors,
  lanes: () => number | null,
): uPlot.Axis {
  const visible = curves.filter((curve) => !curve.hidden);
  const own = visible.filter((curve) => scaleOf(curve) === scale);
  const color = own.length === 1 && own.length < visible.length ? seriesColor(colors, own[0]!.color) : colors.quiet;
  return {
    scale,
    side: index % 2 === 0 ? 3 : 1,
    stroke: color,
    label: scale === '' ? undefined : scale,
    space: 42,
    labelSize: 18,
    labelGap: 2,
    labelFont: `600 ${FONT}`,
    font: FONT,
    grid: { show: index === 0, stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 5 },
    size: (_plot, values: string[] | null) => 16 + 7 * Math.max(2, ...(values ?? []).map((value) => value.length)),
    ...roundMarks(lanes),
  };
}

// Our own marks in place of uPlot's, which have no texts for what is tiny. `incrs` is asked first, and says how much room
// there is; what it answers fits any range, so that the marks are asked for.
function roundMarks(lanes: () => number | null): uPlot.Axis {
  let most = 0;
  let marks: Mark[] = [];
  return {
    incrs: (_plot, _axis, _min, _max, pixels, space) => {
      most = pixels / space;
      return [Number.MAX_VALUE];
    },
    splits: (_plot, _axis, min, max) => {
      const share = lanes();
      marks = share === null ? [] : marksWithin(min + share * (max - min), max, most * (1 - share));
      return marks.map(({ value }) => value);
    },
    values: () => markTexts(marks),
  };
}
