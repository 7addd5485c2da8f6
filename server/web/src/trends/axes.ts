// The plot's axes: time below, a vertical one per unit, left and right in turns.

import type uPlot from 'uplot';
import { formatScientific } from '../ui/format';
import { axisTimes } from './axis_times';
import { seriesColor, type Colors } from './colors';
import { DIGITAL, scaleOf, type Curve } from './curve';

const FONT = '12px system-ui, sans-serif';

export function timeAxis(narrow: boolean, colors: Colors): uPlot.Axis {
  return {
    stroke: colors.quiet,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1 },
    font: FONT,
    space: narrow ? 62 : 84,
    size: 42,
    values: axisTimes,
  };
}

// The axis of the `index`-th scale. One that a single curve has, has its colour.
export function valueAxis(scale: string, curves: Curve[], index: number, shown: boolean, colors: Colors): uPlot.Axis {
  const visible = curves.filter((curve) => !curve.hidden);
  const own = visible.filter((curve) => scaleOf(curve) === scale);
  const color = own.length === 1 && own.length < visible.length ? seriesColor(colors, own[0]!.color) : colors.quiet;
  const digital = scale === DIGITAL;
  return {
    scale,
    show: shown,
    side: index % 2 === 0 ? 3 : 1,
    stroke: color,
    label: digital || scale === '' ? undefined : scale,
    space: 42,
    labelSize: 18,
    labelGap: 2,
    labelFont: `600 ${FONT}`,
    font: FONT,
    grid: { show: index === 0, stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 5 },
    size: (_plot, values: string[] | null) => 16 + 7 * Math.max(2, ...(values ?? []).map((value) => value.length)),
    splits: digital ? () => [0, 1] : undefined,
    values: digital
      ? (_plot, splits) => splits.map((value) => (value === 0 ? 'off' : 'on'))
      : (_plot, splits) => splitTexts(splits),
  };
}

function splitTexts(splits: number[]): string[] {
  const step = splits.length > 1 ? Math.abs(splits[1]! - splits[0]!) : 1;
  const decimals = Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  const format = new Intl.NumberFormat(undefined, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return splits.map((value) => (Math.abs(value) >= 1e9 ? formatScientific(value, 2) : format.format(value === 0 ? 0 : value)));
}
