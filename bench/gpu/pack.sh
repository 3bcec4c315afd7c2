#!/usr/bin/env bash
# Packs the day for a bare machine with a GPU: `bench/gpu/pack.sh [--fresh]` in the project's root, after `npm ci` and `npm run build`. The packing itself is
# ../shared/gpu/pack.sh, which brings the runtime and its CUDA provider; the day, its script for attention kernels and the one of PyTorch are this folder's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cp "$here"/../../../shared/gpu/*.{sh,py,txt} "$work/"
echo "await import('../bench/gpu/day.js');" > "$work/day.ts"
# What it imports lies nowhere on that machine.
node_modules/.bin/esbuild "$here/attention-kernels.mjs" --bundle --format=esm --platform=node --log-level=warning --outfile="$work/attn-kernels.mjs"
bash "$work/pack.sh" "$@"
cp "$here/torch_compile.py" .gpu/a/
cat <<'TEXT'

What differs from the above: PyTorch's side runs with the first folder, the day takes its script by name.
  1. … && python3 .gpu/a/torch_compile.py | tee $OUT/torch.json
  2. … && node day/day.js --out $OUT --cli dist/cli.js --script day/attn-kernels.js --budget 500
TEXT
