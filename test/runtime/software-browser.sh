#!/bin/sh
# The browser that REAL_BROWSER names, for results on a device in software: WebAssembly is compiled once, without optimization, as each model runs once or twice.
# (Workgroup memory that starts unset would save more, but onnxruntime-web then computes wrong numbers: products of 4 bits of 32 rows, attention.)
exec "$REAL_BROWSER" --js-flags=--liftoff-only "$@"
