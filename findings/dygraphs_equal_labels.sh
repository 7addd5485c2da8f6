#!/usr/bin/env bash
# dygraphs 2.2.1 (npm): neighbouring labels of a value axis read alike, and some read wrong, where the shown range is small
# beside the values: two digits behind the point, or two of the mantissa, however close the marks are. Marks from 0.010 to
# 0.016 read 0.01 five times and 0.02 twice; around 1.23e9 all of them are "1.23e+9".
#
# Seen with Chromium:
#   0.01 to 0.016: 0.01 | 0.01 | 0.01 | 0.01 | 0.01 | 0.02 | 0.02
#   1.001 to 1.009: 1 | 1 | 1.01 | 1.01
#   1230000000 to 1230000009: 1.23e+9 | 1.23e+9 | 1.23e+9 | 1.23e+9 | 1.23e+9
#   0.1 to 0.5: 0.1 | 0.2 | 0.3 | 0.4 | 0.5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent dygraphs@2.2.1 >/dev/null
tar -xzf dygraphs-2.2.1.tgz
cat >plot.html <<'END'
<!doctype html><meta charset="utf-8">
<div id="plot" style="width:600px;height:300px"></div>
<script src="package/dist/dygraph.min.js"></script>
<script>
const place = document.getElementById('plot');
const lines = [];
for (const [low, high] of [[0.010, 0.016], [1.001, 1.009], [1.23e9, 1.23e9 + 9], [0.1, 0.5]]) {
  const points = [0, 1, 2, 3, 4].map((i) => [i, low + (high - low) * i / 4]);
  const plot = new Dygraph(place, points, { labels: ['x', 'y'] });
  const labels = [...place.querySelectorAll('.dygraph-axis-label-y')].map((label) => label.textContent);
  lines.push(`${low} to ${high}: ${labels.join(' | ')}`);
  plot.destroy();
}
document.body.textContent = `\n${lines.join('\n')}\n`;
</script>
END
echo "dygraphs $(sed -n 's/.*"version": "\(.*\)".*/\1/p' package/package.json), $(chromium --version 2>/dev/null)"
chromium --headless --no-sandbox --disable-gpu --lang=en-US --user-data-dir="$folder/profile" --virtual-time-budget=2000 \
  --dump-dom "file://$folder/plot.html" 2>/dev/null | grep -o '^[0-9.]* to .*' | tee seen
diff seen - <<'END'
0.01 to 0.016: 0.01 | 0.01 | 0.01 | 0.01 | 0.01 | 0.02 | 0.02
1.001 to 1.009: 1 | 1 | 1.01 | 1.01
1230000000 to 1230000009: 1.23e+9 | 1.23e+9 | 1.23e+9 | 1.23e+9 | 1.23e+9
0.1 to 0.5: 0.1 | 0.2 | 0.3 | 0.4 | 0.5
END
