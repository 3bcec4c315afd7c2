#!/bin/sh
# The browser that REAL_BROWSER names, for results on a device in software. Workgroup memory starts unset, as in onnxruntime-node's own WebGPU: setting it
# is four fifths of what SwiftShader compiles. WebAssembly is compiled once, without optimization, as each model runs once or twice.
exec "$REAL_BROWSER" --enable-dawn-features=disable_workgroup_init --js-flags=--liftoff-only "$@"
