#!/usr/bin/env bash
# uPlot 1.6.32 (npm): the labels of a value axis have three digits behind the point at most, however close its marks are:
# they come from Intl.NumberFormat without options. Below a thousandth, and where values differ by less, the marks stand at
# the right places and read wrong: 0.0001, 0.0002, 0.0003 and 0.0004 are all "0", and 0.0005 is "0.001". Nothing warns of it;
# one gives each axis a `values` function of one's own.
#
# Seen with Chromium:
#   0.0001 to 0.0005: 0 | 0 | 0 | 0 | 0.001
#   1.00001 to 1.00009: 1 | 1 | 1 | 1
#   0.1 to 0.5: 0.1 | 0.2 | 0.3 | 0.4 | 0.5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent uplot@1.6.32 >/dev/null
tar -xzf uplot-1.6.32.tgz
cat >plot.html <<'END'
<!doctype html><meta charset="utf-8">
<div id="plot"></div>
<script src="package/dist/uPlot.iife.min.js"></script>
<script>
const labels = (low, high) => new Promise((done) => {
  const plot = new uPlot({ width: 600, height: 300, scales: { x: { time: false } }, series: [{}, {}] },
    [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4].map((i) => low + (high - low) * i / 4)], document.getElementById('plot'));
  setTimeout(() => done(plot.axes[1]._values.filter((text) => text !== null).join(' | ')));
});
(async () => {
  const lines = [];
  for (const [low, high] of [[0.0001, 0.0005], [1.00001, 1.00009], [0.1, 0.5]]) {
    lines.push(`${low} to ${high}: ${await labels(low, high)}`);
  }
  document.body.textContent = `\n${lines.join('\n')}\n`;
})();
</script>
END
echo "uPlot $(sed -n 's/.*"version": "\(.*\)".*/\1/p' package/package.json), $(chromium --version 2>/dev/null)"
chromium --headless --no-sandbox --disable-gpu --lang=en-US --user-data-dir="$folder/profile" --virtual-time-budget=2000 \
  --dump-dom "file://$folder/plot.html" 2>/dev/null | grep -o '^[0-9.]* to .*' | tee seen
diff seen - <<'END'
0.0001 to 0.0005: 0 | 0 | 0 | 0 | 0.001
1.00001 to 1.00009: 1 | 1 | 1 | 1
0.1 to 0.5: 0.1 | 0.2 | 0.3 | 0.4 | 0.5
END
