/** Operator schemas of ai.onnx and ai.onnx.ml: made by generate-schema.mjs, read by schema.ts. */

/** Sets of types, one a line; the operators refer to them by number. */
export const typeSets = `
bfloat16 float16 float32 float64
float16 float32 float64
bool
uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool
uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 string bool complex64 complex128
bool int32 int64
int32
int32 int64
int64
uint32 uint64 int32 int64 float16 float32 float64
bool int32 int64 float16 float32 float64
float32 int32 int8 int16 int64 float16 float64
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string
float16 float32 float64 uint32 uint64 int32 int64
string int32 int64
float32
int8 uint8
int8 uint8 int32
float32 float64
float32 int32
uint8 uint16 uint32 uint64
seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128)
uint32 uint64 int32 int64 float32 float64
uint8
bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64
float32 float64 int16 int32 int64
float16 float32 float64 int8 uint8
int32 int64 float16 float32 float64
uint32 uint64 int32 int64 float16 float32 float64 uint8 int8
uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 bfloat16
uint32 uint64 int32 int64 float16 float32 float64 bfloat16
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string bfloat16
float16 float32 float64 bfloat16
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128
bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 bfloat16
float16 float32 float64 uint32 uint64 int32 int64 bfloat16
uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 string bool complex64 complex128 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128)
float32 int32 int8 int16 int64 float16 float64 bfloat16
int32 int64 float16 float32 float64 bfloat16
uint32 uint64 int32 int64 float16 float32 float64 bfloat16 uint8 int8
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128)
float16 float32 float64 bfloat16 uint8 uint16 uint32 uint64 int8 int16 int32 int64 bool
optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(bfloat16)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(bfloat16) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
bfloat16 float16 float32 float64 uint32 uint64 int32 int64
float32 bfloat16
float32 float16 float64 bfloat16
uint8 uint16 uint32 uint64 int8 int16 int32 int64
optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128) uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 string bool complex64 complex128 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128)
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
int8 uint8 int32 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
float32 float16 bfloat16
bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 bfloat16 string
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) seq(float8e4m3fn) seq(float8e4m3fnuz) seq(float8e5m2) seq(float8e5m2fnuz) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(bfloat16)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(bfloat16) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128) optional(float8e4m3fn) optional(float8e4m3fnuz) optional(float8e5m2) optional(float8e5m2fnuz)
float32 float16 bfloat16 int32
int8 uint8 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
bfloat16 float16 float32 float64 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
uint32 uint64 int32 int64 float16 float32 float64 bfloat16 uint8 int8 bool
string
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool string bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 uint4 int4 bool bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
int8 uint8 int16 uint16 int32 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) seq(float8e4m3fn) seq(float8e4m3fnuz) seq(float8e5m2) seq(float8e5m2fnuz) seq(uint4) seq(int4) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(bfloat16)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(bfloat16) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128) optional(float8e4m3fn) optional(float8e4m3fnuz) optional(float8e5m2) optional(float8e5m2fnuz) optional(uint4) optional(int4)
int8 uint8 int16 uint16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 bool
bfloat16 float16 float32 float64 int8 uint8
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 uint4 int4 bool bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float4e2m1
int8 uint8 int16 uint16 int32 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) seq(float8e4m3fn) seq(float8e4m3fnuz) seq(float8e5m2) seq(float8e5m2fnuz) seq(uint4) seq(int4) seq(float4e2m1) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(bfloat16)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(bfloat16) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128) optional(float8e4m3fn) optional(float8e4m3fnuz) optional(float8e5m2) optional(float8e5m2fnuz) optional(uint4) optional(int4) optional(float4e2m1)
int8 uint8 int16 uint16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 uint4 int4 bool bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float4e2m1 float8e8m0
float32 float16 bfloat16 float8e8m0
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) seq(float8e4m3fn) seq(float8e4m3fnuz) seq(float8e5m2) seq(float8e5m2fnuz) seq(uint4) seq(int4) seq(float4e2m1) seq(float8e8m0) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(bfloat16)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(bfloat16) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128) optional(float8e4m3fn) optional(float8e4m3fnuz) optional(float8e5m2) optional(float8e5m2fnuz) optional(uint4) optional(int4) optional(float4e2m1) optional(float8e8m0)
float32 float16 bfloat16 int32 float8e8m0
seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128)
float16 float32 bfloat16 float64
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2
float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 uint4 int4 bool bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz float4e2m1 float8e8m0 uint2 int2
int8 uint8 int16 uint16 int32 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 uint2 int2
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128)
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 string bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2 seq(uint8) seq(uint16) seq(uint32) seq(uint64) seq(int8) seq(int16) seq(int32) seq(int64) seq(bfloat16) seq(float16) seq(float32) seq(float64) seq(string) seq(bool) seq(complex64) seq(complex128) seq(float8e4m3fn) seq(float8e4m3fnuz) seq(float8e5m2) seq(float8e5m2fnuz) seq(uint4) seq(int4) seq(float4e2m1) seq(float8e8m0) seq(uint2) seq(int2) optional(seq(uint8)) optional(seq(uint16)) optional(seq(uint32)) optional(seq(uint64)) optional(seq(int8)) optional(seq(int16)) optional(seq(int32)) optional(seq(int64)) optional(seq(bfloat16)) optional(seq(float16)) optional(seq(float32)) optional(seq(float64)) optional(seq(string)) optional(seq(bool)) optional(seq(complex64)) optional(seq(complex128)) optional(uint8) optional(uint16) optional(uint32) optional(uint64) optional(int8) optional(int16) optional(int32) optional(int64) optional(bfloat16) optional(float16) optional(float32) optional(float64) optional(string) optional(bool) optional(complex64) optional(complex128) optional(float8e4m3fn) optional(float8e4m3fnuz) optional(float8e5m2) optional(float8e5m2fnuz) optional(uint4) optional(int4) optional(float4e2m1) optional(float8e8m0) optional(uint2) optional(int2)
int8 uint8 int16 uint16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 uint2 int2
uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 bool complex64 complex128 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2
float32 float64 int64 int32 string
float32 float64 int64 int32
map(int64,string) map(int64,float32)
string float32 int64
string int64
map(string,int64) map(int64,string) map(int64,float32) map(int64,float64) map(string,float32) map(string,float64)
int64 float32 float64 string
int32 int64 float32 float64
string int64 int32 float32 float64
seq(map(string,float32)) seq(map(int64,float32))
string int64 float32
string int64 float32 int32 int16 float64
float32 float64 float16
`;

/** `name! since|inputs|outputs|type variables and their sets|attributes`, one version of one operator a line; ! is deprecated. */
export const operators = `
Abs 1|X T|Y T|T 1|consumed_inputs is
Add 1|A T;B T|C T|T 1|axis i;broadcast i=0;consumed_inputs is
And 1|A T;B T|C T1|T 2;T1 2|axis i;broadcast i=0
ArgMax 1|data T|reduced int64|T 3|axis i=0;keepdims i=1
ArgMin 1|data T|reduced int64|T 3|axis i=0;keepdims i=1
AveragePool 1|X T|Y T|T 1|auto_pad s=NOTSET;kernel_shape is!;pads is;strides is
BatchNormalization 1|X T;scale T;B T;mean T;var T|Y T;mean? T;var? T;saved_mean? T;saved_var? T|T 1|consumed_inputs is!;epsilon f=1e-05;is_test i=0;momentum f=0.9;spatial i=1
Cast 1|input T1|output T2|T1 4;T2 4|to s!
Ceil 1|X T|Y T|T 1|consumed_inputs is
Clip 1|input T|output T|T 1|consumed_inputs is;max f;min f
Concat 1|inputs* T|concat_result T|T 1|axis i
Constant 1||output T|T 1|value t!
Conv 1|X T;W T;B? T|Y T|T 1|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
ConvTranspose 1|X T;W T;B? T|Y T|T 1|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;output_padding is;output_shape is;pads is;strides is
DepthToSpace 1|input T|output T|T 5|blocksize i!
Div 1|A T;B T|C T|T 1|axis i;broadcast i=0;consumed_inputs is
Dropout 1|data T|output T;mask? T|T 1|consumed_inputs is;is_test i=0;ratio f=0.5
Elu 1|X T|Y T|T 1|alpha f=1.0;consumed_inputs is
Equal 1|A T;B T|C T1|T 6;T1 2|axis i;broadcast i=0
Exp 1|input T|output T|T 1|consumed_inputs is
Flatten 1|input T|output T|T 1|axis i=1
Floor 1|X T|Y T|T 1|consumed_inputs is
GRU 1|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=foward;hidden_size i;output_sequence i=0
Gather 1|data T;indices Tind|output T|T 5;Tind 8|axis i=0
Gemm 1|A T;B T;C T|Y T|T 1|alpha f=1.0;beta f=1.0;broadcast i=0;transA i=0;transB i=0
GlobalAveragePool 1|X T|Y T|T 1|
GlobalLpPool 1|X T|Y T|T 1|p f=2.0
GlobalMaxPool 1|X T|Y T|T 1|
Greater 1|A T;B T|C T1|T 1;T1 2|axis i;broadcast i=0
HardSigmoid 1|X T|Y T|T 1|alpha f=0.2;beta f=0.5;consumed_inputs is
Hardmax 1|input T|output T|T 1|axis i=1
Identity 1|input T|output T|T 5|
If 1|cond B|outputs% V|V 5;B 2|else_branch g!;then_branch g!
InstanceNormalization 1|input T;scale T;B T|output T|T 1|consumed_inputs is;epsilon f=1e-05
LRN 1|X T|Y T|T 1|alpha f=0.0001;beta f=0.75;bias f=1.0;size i!
LSTM 1|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T;initial_c? T;P? T|Y? T;Y_h? T;Y_c? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;input_forget i=0;output_sequence i=0
LeakyRelu 1|X T|Y T|T 1|alpha f=0.01;consumed_inputs is
Less 1|A T;B T|C T1|T 1;T1 2|axis i;broadcast i=0
Log 1|input T|output T|T 1|consumed_inputs is
LogSoftmax 1|input T|output T|T 1|axis i=1
Loop 1|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 5;I 9;B 2|body g!
LpNormalization 1|input T|output T|T 1|axis i=-1;p i=2
LpPool 1|X T|Y T|T 1|auto_pad s=NOTSET;kernel_shape is;p f=2.0;pads is;strides is
MatMul 1|A T;B T|Y T|T 1|
Max 1|data_0* T|max T|T 1|consumed_inputs is
MaxPool 1|X T|Y T|T 1|auto_pad s=NOTSET;kernel_shape is!;pads is;strides is
MaxRoiPool 1|X T;rois T|Y T|T 1|pooled_shape is!;spatial_scale f=1.0
Mean 1|data_0* T|mean T|T 1|consumed_inputs is
Min 1|data_0* T|min T|T 1|consumed_inputs is
Mul 1|A T;B T|C T|T 1|axis i;broadcast i=0;consumed_inputs is
Neg 1|X T|Y T|T 1|consumed_inputs is
Not 1|X T|Y T|T 2|
Or 1|A T;B T|C T1|T 2;T1 2|axis i;broadcast i=0
PRelu 1|X T;slope T|Y T|T 1|consumed_inputs is
Pad 1|data T|output T|T 1|mode s=constant;paddings is!;value f=0.0
Pow 1|X T;Y T|Z T|T 1|axis i;broadcast i=0
RNN 1|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss=['Tanh', 'Tanh'];clip f;direction s=forward;hidden_size i;output_sequence i=0
RandomNormal 1||output T|T 1|dtype i=1;mean f=0.0;scale f=1.0;seed f;shape is!
RandomNormalLike 1|input T1|output T2|T1 5;T2 1|dtype i;mean f=0.0;scale f=1.0;seed f
RandomUniform 1||output T|T 1|dtype i=1;high f=1.0;low f=0.0;seed f;shape is!
RandomUniformLike 1|input T1|output T2|T1 5;T2 1|dtype i;high f=1.0;low f=0.0;seed f
Reciprocal 1|X T|Y T|T 1|consumed_inputs is
ReduceL1 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceL2 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceLogSum 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceLogSumExp 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceMax 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceMean 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceMin 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceProd 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceSum 1|data T|reduced T|T 10|axes is;keepdims i=1
ReduceSumSquare 1|data T|reduced T|T 10|axes is;keepdims i=1
Relu 1|X T|Y T|T 1|consumed_inputs is
Reshape 1|data T|reshaped T|T 1|consumed_inputs is;shape is
Selu 1|X T|Y T|T 1|alpha f=1.6732;consumed_inputs is;gamma f=1.0507
Shape 1|data T|shape T1|T 5;T1 9|
Sigmoid 1|X T|Y T|T 1|consumed_inputs is
Size 1|data T|size T1|T 5;T1 9|
Slice 1|data T|output T|T 5|axes is;ends is!;starts is!
Softmax 1|input T|output T|T 1|axis i=1
Softplus 1|X T|Y T|T 1|
Softsign 1|input T|output T|T 1|
SpaceToDepth 1|input T|output T|T 5|blocksize i!
Split 1|input T;split? T|outputs...* T|T 1|axis i;split is
Sqrt 1|X T|Y T|T 1|consumed_inputs is
Squeeze 1|data T|squeezed T|T 5|axes is
Sub 1|A T;B T|C T|T 1|axis i;broadcast i=0;consumed_inputs is
Sum 1|data_0* T|sum T|T 1|consumed_inputs is
Tanh 1|input T|output T|T 1|consumed_inputs is
Tile 1|input T;tiles T;axis T|output T|T 1;T1 9|
TopK 1|X T|Values T;Indices I|T 1;I 9|axis i=-1;k i!
Transpose 1|data T|transposed T|T 5|perm is
Unsqueeze 1|data T|expanded T|T 5|axes is!
Upsample 1|X T|Y T|T 11|height_scale f!;mode s=nearest;width_scale f!
Xor 1|A T;B T|C T1|T 2;T1 2|axis i;broadcast i=0
GlobalLpPool 2|X T|Y T|T 1|p i=2
LpPool 2|X T|Y T|T 1|auto_pad s=NOTSET;kernel_shape is!;p i=2;pads is;strides is
Pad 2|data T|output T|T 1|mode s=constant;pads is!;value f=0.0
Split 2|input T|outputs* T|T 5|axis i=0;split is
GRU 3|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;linear_before_reset i=0;output_sequence i=0
Concat 4|inputs* T|concat_result T|T 5|axis i!
Reshape 5|data T;shape int64|reshaped T|T 5|
Abs 6|X T|Y T|T 3|
Add 6|A T;B T|C T|T 10|axis i;broadcast i=0
BatchNormalization 6|X T;scale T;B T;mean T;var T|Y T;mean? T;var? T;saved_mean? T;saved_var? T|T 1|epsilon f=1e-05;is_test i=0;momentum f=0.9;spatial i=1
Cast 6|input T1|output T2|T1 4;T2 4|to i!
Ceil 6|X T|Y T|T 1|
Clip 6|input T|output T|T 1|max f=(3.402823e+38);min f=(-3.402823e+38)
Div 6|A T;B T|C T|T 10|axis i;broadcast i=0
Dropout 6|data T|output T;mask? T|T 1|is_test i=0;ratio f=0.5
Elu 6|X T|Y T|T 1|alpha f=1.0
Exp 6|input T|output T|T 1|
Floor 6|X T|Y T|T 1|
Gemm 6|A T;B T;C T|Y T|T 1|alpha f=1.0;beta f=1.0;broadcast i=0;transA i=0;transB i=0
HardSigmoid 6|X T|Y T|T 1|alpha f=0.2;beta f=0.5
InstanceNormalization 6|input T;scale T;B T|output T|T 1|epsilon f=1e-05
LeakyRelu 6|X T|Y T|T 1|alpha f=0.01
Log 6|input T|output T|T 1|
Max 6|data_0* T|max T|T 1|
Mean 6|data_0* T|mean T|T 1|
Min 6|data_0* T|min T|T 1|
Mul 6|A T;B T|C T|T 10|axis i;broadcast i=0
Neg 6|X T|Y T|T 12|
PRelu 6|X T;slope T|Y T|T 1|
Reciprocal 6|X T|Y T|T 1|
Relu 6|X T|Y T|T 1|
Selu 6|X T|Y T|T 1|alpha f=1.67326;gamma f=1.0507
Sigmoid 6|X T|Y T|T 1|
Sqrt 6|X T|Y T|T 1|
Sub 6|A T;B T|C T|T 10|axis i;broadcast i=0
Sum 6|data_0* T|sum T|T 1|
Tanh 6|input T|output T|T 1|
Tile 6|input T;repeats T1|output T|T 5;T1 9|
Acos 7|input T|output T|T 1|
Add 7|A T;B T|C T|T 10|
And 7|A T;B T|C T1|T 2;T1 2|
Asin 7|input T|output T|T 1|
Atan 7|input T|output T|T 1|
AveragePool 7|X T|Y T|T 1|auto_pad s=NOTSET;count_include_pad i=0;kernel_shape is!;pads is;strides is
BatchNormalization 7|X T;scale T;B T;mean T;var T|Y T;mean? T;var? T;saved_mean? T;saved_var? T|T 1|epsilon f=1e-05;momentum f=0.9;spatial i=1
Cos 7|input T|output T|T 1|
Div 7|A T;B T|C T|T 10|
Dropout 7|data T|output T;mask? T|T 1|ratio f=0.5
Equal 7|A T;B T|C T1|T 6;T1 2|
GRU 7|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;linear_before_reset i=0
Gemm 7|A T;B T;C T|Y T|T 1|alpha f=1.0;beta f=1.0;transA i=0;transB i=0
Greater 7|A T;B T|C T1|T 1;T1 2|
LSTM 7|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T;initial_c? T;P? T|Y? T;Y_h? T;Y_c? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;input_forget i=0
Less 7|A T;B T|C T1|T 1;T1 2|
Mul 7|A T;B T|C T|T 10|
Multinomial 7|input T1|output T2|T1 1;T2 8|dtype i=6;sample_size i=1;seed f
Or 7|A T;B T|C T1|T 2;T1 2|
PRelu 7|X T;slope T|Y T|T 1|
Pow 7|X T;Y T|Z T|T 1|
RNN 7|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss=['Tanh', 'Tanh'];clip f;direction s=forward;hidden_size i
Sin 7|input T|output T|T 1|
Sub 7|A T;B T|C T|T 10|
Tan 7|input T|output T|T 1|
Upsample 7|X T|Y T|T 5|mode s=nearest;scales fs!
Xor 7|A T;B T|C T1|T 2;T1 2|
Expand 8|input T;shape int64|output T|T 5|
Max 8|data_0* T|max T|T 1|
MaxPool 8|X T|Y T;Indices? I|T 1;I 9|auto_pad s=NOTSET;kernel_shape is!;pads is;storage_order i=0;strides is
Mean 8|data_0* T|mean T|T 1|
Min 8|data_0* T|min T|T 1|
Scan 8|sequence_lens? I;initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|I 9;V 5|body g!;directions is;num_scan_inputs i!
Sum 8|data_0* T|sum T|T 1|
Acosh 9|input T|output T|T 1|
Asinh 9|input T|output T|T 1|
Atanh 9|input T|output T|T 1|
BatchNormalization 9|X T;scale T;B T;mean T;var T|Y T;mean? T;var? T;saved_mean? T;saved_var? T|T 1|epsilon f=1e-05;momentum f=0.9
Cast 9|input T1|output T2|T1 13;T2 13|to i!
Compress 9|input T;condition T1|output T|T 5;T1 2|axis i
Constant 9||output T|T 5|value t!
ConstantOfShape 9|input T1|output T2|T1 9;T2 4|value t
Cosh 9|input T|output T|T 1|
Erf 9|input T|output T|T 3|
EyeLike 9|input T1|output T2|T1 4;T2 4|dtype i;k i=0
Flatten 9|input T|output T|T 5|axis i=1
Gemm 9|A T;B T;C T|Y T|T 14|alpha f=1.0;beta f=1.0;transA i=0;transB i=0
Greater 9|A T;B T|C T1|T 3;T1 2|
IsNaN 9|X T1|Y T2|T1 1;T2 2|
Less 9|A T;B T|C T1|T 3;T1 2|
MatMul 9|A T;B T|Y T|T 14|
MaxUnpool 9|X T1;I T2;output_shape? T2|output T1|T1 1;T2 9|kernel_shape is!;pads is;strides is
MeanVarianceNormalization 9|X T|Y T|T 1|axes is=['0', '2', '3']
NonZero 9|X T|Y int64|T 5|
OneHot 9|indices T1;depth T2;values T3|output T3|T1 3;T2 3;T3 5|axis i=-1
PRelu 9|X T;slope T|Y T|T 14|
Scan 9|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 5|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Scatter 9|data T;indices Tind;updates T|output T|T 5;Tind 8|axis i=0
Shrink 9|input T|output T|T 3|bias f=0.0;lambd f=0.5
Sign 9|input T|output T|T 3|
Sinh 9|input T|output T|T 1|
TfIdfVectorizer 9|X T|Y T1|T 15;T1 16|max_gram_length i!;max_skip_count i!;min_gram_length i!;mode s!;ngram_counts is!;ngram_indexes is!;pool_int64s is;pool_strings ss;weights fs
Upsample 9|X T;scales float32|Y T|T 5|mode s=nearest
Where 9|condition B;X T;Y T|output T|B 2;T 5|
AveragePool 10|X T|Y T|T 1|auto_pad s=NOTSET;ceil_mode i=0;count_include_pad i=0;kernel_shape is!;pads is;strides is
ConvInteger 10|x T1;w T2;x_zero_point? T1;w_zero_point? T2|y T3|T1 17;T2 17;T3 7|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
DequantizeLinear 10|x T;x_scale float32;x_zero_point? T|y float32|T 18|
Dropout 10|data T|output T;mask? T1|T 1;T1 2|ratio f=0.5
IsInf 10|X T1|Y T2|T1 19;T2 2|detect_negative i=1;detect_positive i=1
MatMulInteger 10|A T1;B T2;a_zero_point? T1;b_zero_point? T2|Y T3|T1 17;T2 17;T3 7|
MaxPool 10|X T|Y T;Indices? I|T 1;I 9|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;pads is;storage_order i=0;strides is
Mod 10|A T;B T|C T|T 3|fmod i=0
NonMaxSuppression 10|boxes float32;scores float32;max_output_boxes_per_class? int64;iou_threshold? float32;score_threshold? float32|selected_indices int64||center_point_box i=0
QLinearConv 10|x T1;x_scale float32;x_zero_point T1;w T2;w_scale float32;w_zero_point T2;y_scale float32;y_zero_point T3;B? T4|y T3|T1 17;T2 17;T3 17;T4 7|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
QLinearMatMul 10|a T1;a_scale float32;a_zero_point T1;b T2;b_scale float32;b_zero_point T2;y_scale float32;y_zero_point T3|y T3|T1 17;T2 17;T3 17|
QuantizeLinear 10|x T1;y_scale float32;y_zero_point? T2|y T2|T1 20;T2 17|
Resize 10|X T;scales float32|Y T|T 5|mode s=nearest
ReverseSequence 10|input T;sequence_lens int64|Y T|T 5|batch_axis i=1;time_axis i=0
RoiAlign 10|X T1;rois T1;batch_indices T2|Y T1|T1 1;T2 9|mode s=avg;output_height i=1;output_width i=1;sampling_ratio i=0;spatial_scale f=1.0
Slice 10|data T;starts Tind;ends Tind;axes? Tind;steps? Tind|output T|T 5;Tind 8|
StringNormalizer 10|X string|Y string||case_change_action s=NONE;is_case_sensitive i=0;locale s;stopwords ss
ThresholdedRelu 10|X T|Y T|T 1|alpha f=1.0
TopK 10|X T;K int64|Values T;Indices I|T 1;I 9|axis i=-1
Upsample! 10||||
ArgMax 11|data T|reduced int64|T 3|axis i=0;keepdims i=1
ArgMin 11|data T|reduced int64|T 3|axis i=0;keepdims i=1
AveragePool 11|X T|Y T|T 1|auto_pad s=NOTSET;ceil_mode i=0;count_include_pad i=0;kernel_shape is!;pads is;strides is
BitShift 11|X T;Y T|Z T|T 21|direction s!
Clip 11|input T;min? T;max? T|output T|T 1|
Compress 11|input T;condition T1|output T|T 5;T1 2|axis i
Concat 11|inputs* T|concat_result T|T 5|axis i!
ConcatFromSequence 11|input_sequence S|concat_result T|S 22;T 5|axis i!;new_axis i=0
Constant 11||output T|T 5|sparse_value sp;value t
Conv 11|X T;W T;B? T|Y T|T 1|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
ConvTranspose 11|X T;W T;B? T|Y T|T 1|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;output_padding is;output_shape is;pads is;strides is
CumSum 11|x T;axis T2|y T|T 23;T2 8|exclusive i=0;reverse i=0
DepthToSpace 11|input T|output T|T 5|blocksize i!;mode s=DCR
Det 11|X T|Y T|T 1|
DynamicQuantizeLinear 11|x T1|y T2;y_scale float32;y_zero_point T2|T1 16;T2 24|
Equal 11|A T;B T|C T1|T 25;T1 2|
Flatten 11|input T|output T|T 5|axis i=1
Gather 11|data T;indices Tind|output T|T 5;Tind 8|axis i=0
GatherElements 11|data T;indices Tind|output T|T 5;Tind 8|axis i=0
GatherND 11|data T;indices int64|output T|T 5|
Gemm 11|A T;B T;C? T|Y T|T 14|alpha f=1.0;beta f=1.0;transA i=0;transB i=0
Hardmax 11|input T|output T|T 1|axis i=1
If 11|cond B|outputs% V|V 5;B 2|else_branch g!;then_branch g!
LogSoftmax 11|input T|output T|T 1|axis i=1
Loop 11|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 5;I 9;B 2|body g!
LpPool 11|X T|Y T|T 1|auto_pad s=NOTSET;kernel_shape is!;p i=2;pads is;strides is
MaxPool 11|X T|Y T;Indices? I|T 1;I 9|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;pads is;storage_order i=0;strides is
MaxUnpool 11|X T1;I T2;output_shape? T2|output T1|T1 1;T2 9|kernel_shape is!;pads is;strides is
NonMaxSuppression 11|boxes float32;scores float32;max_output_boxes_per_class? int64;iou_threshold? float32;score_threshold? float32|selected_indices int64||center_point_box i=0
OneHot 11|indices T1;depth T2;values T3|output T3|T1 3;T2 3;T3 5|axis i=-1
Pad 11|data T;pads int64;constant_value? T|output T|T 3|mode s=constant
Range 11|start T;limit T;delta T|output T|T 26|
ReduceL1 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceL2 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceLogSum 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceLogSumExp 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceMax 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceMean 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceMin 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceProd 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceSum 11|data T|reduced T|T 10|axes is;keepdims i=1
ReduceSumSquare 11|data T|reduced T|T 10|axes is;keepdims i=1
Resize 11|X T1;roi T2;scales float32;sizes? int64|Y T1|T1 5;T2 1|coordinate_transformation_mode s=half_pixel;cubic_coeff_a f=-0.75;exclude_outside i=0;extrapolation_value f=0.0;mode s=nearest;nearest_mode s=round_prefer_floor
Round 11|X T|Y T|T 1|
Scan 11|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 5|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Scatter! 11||||
ScatterElements 11|data T;indices Tind;updates T|output T|T 5;Tind 8|axis i=0
ScatterND 11|data T;indices int64;updates T|output T|T 5|
SequenceAt 11|input_sequence S;position I|tensor T|S 22;T 5;I 8|
SequenceConstruct 11|inputs* T|output_sequence S|T 5;S 22|
SequenceEmpty 11||output S|S 22|dtype i
SequenceErase 11|input_sequence S;position? I|output_sequence S|S 22;I 8|
SequenceInsert 11|input_sequence S;tensor T;position? I|output_sequence S|T 5;S 22;I 8|
SequenceLength 11|input_sequence S|length I|S 22;I 9|
Slice 11|data T;starts Tind;ends Tind;axes? Tind;steps? Tind|output T|T 5;Tind 8|
Softmax 11|input T|output T|T 1|axis i=1
Split 11|input T|outputs* T|T 5|axis i=0;split is
SplitToSequence 11|input T;split? I|output_sequence S|T 5;I 8;S 22|axis i=0;keepdims i=1
Squeeze 11|data T|squeezed T|T 5|axes is
TopK 11|X T;K int64|Values T;Indices I|T 3;I 9|axis i=-1;largest i=1;sorted i=1
Unique 11|X T|Y T;indices? int64;inverse_indices? int64;counts? int64|T 5|axis i;sorted i=1
Unsqueeze 11|data T|expanded T|T 5|axes is!
ArgMax 12|data T|reduced int64|T 3|axis i=0;keepdims i=1;select_last_index i=0
ArgMin 12|data T|reduced int64|T 3|axis i=0;keepdims i=1;select_last_index i=0
Celu 12|X T|Y T|T 16|alpha f=1.0
Clip 12|input T;min? T;max? T|output T|T 3|
Constant 12||output T|T 5|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
Dropout 12|data T;ratio? T1;training_mode? T2|output T;mask? T2|T 1;T1 1;T2 2|seed i
Einsum 12|Inputs* T|Output T|T 3|equation s!
GatherND 12|data T;indices int64|output T|T 5|batch_dims i=0
GreaterOrEqual 12|A T;B T|C T1|T 3;T1 2|
LessOrEqual 12|A T;B T|C T1|T 3;T1 2|
Max 12|data_0* T|max T|T 3|
MaxPool 12|X T|Y T;Indices? I|T 27;I 9|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;pads is;storage_order i=0;strides is
Min 12|data_0* T|min T|T 3|
NegativeLogLikelihoodLoss 12|input T;target Tind;weight? T|loss T|T 1;Tind 8|ignore_index i;reduction s=mean
Pow 12|X T;Y T1|Z T|T 28;T1 3|
ReduceMax 12|data T|reduced T|T 29|axes is;keepdims i=1
ReduceMin 12|data T|reduced T|T 29|axes is;keepdims i=1
SoftmaxCrossEntropyLoss 12|scores T;labels Tind;weights? T|output T;log_prob? T|T 1;Tind 8|ignore_index i;reduction s=mean
Abs 13|X T|Y T|T 30|
Add 13|A T;B T|C T|T 31|
ArgMax 13|data T|reduced int64|T 30|axis i=0;keepdims i=1;select_last_index i=0
ArgMin 13|data T|reduced int64|T 30|axis i=0;keepdims i=1;select_last_index i=0
Cast 13|input T1|output T2|T1 32;T2 32|to i!
Ceil 13|X T|Y T|T 33|
Clip 13|input T;min? T;max? T|output T|T 30|
Concat 13|inputs* T|concat_result T|T 34|axis i!
Constant 13||output T|T 34|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
DepthToSpace 13|input T|output T|T 34|blocksize i!;mode s=DCR
DequantizeLinear 13|x T;x_scale float32;x_zero_point? T|y float32|T 18|axis i=1
Div 13|A T;B T|C T|T 31|
Dropout 13|data T;ratio? T1;training_mode? T2|output T;mask? T2|T 33;T1 1;T2 2|seed i
Equal 13|A T;B T|C T1|T 35;T1 2|
Erf 13|input T|output T|T 0|
Exp 13|input T|output T|T 0|
Expand 13|input T;shape int64|output T|T 34|
Flatten 13|input T|output T|T 34|axis i=1
Floor 13|X T|Y T|T 33|
Gather 13|data T;indices Tind|output T|T 34;Tind 8|axis i=0
GatherElements 13|data T;indices Tind|output T|T 34;Tind 8|axis i=0
GatherND 13|data T;indices int64|output T|T 34|batch_dims i=0
Gemm 13|A T;B T;C? T|Y T|T 36|alpha f=1.0;beta f=1.0;transA i=0;transB i=0
Greater 13|A T;B T|C T1|T 30;T1 2|
Hardmax 13|input T|output T|T 33|axis i=-1
Identity 13|input T|output T|T 34|
If 13|cond B|outputs% V|V 37;B 2|else_branch g!;then_branch g!
IsNaN 13|X T1|Y T2|T1 33;T2 2|
LRN 13|X T|Y T|T 33|alpha f=0.0001;beta f=0.75;bias f=1.0;size i!
Less 13|A T;B T|C T1|T 30;T1 2|
Log 13|input T|output T|T 33|
LogSoftmax 13|input T|output T|T 33|axis i=-1
Loop 13|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 37;I 9;B 2|body g!
MatMul 13|A T;B T|Y T|T 36|
Max 13|data_0* T|max T|T 30|
Mean 13|data_0* T|mean T|T 33|
MeanVarianceNormalization 13|X T|Y T|T 33|axes is=['0', '2', '3']
Min 13|data_0* T|min T|T 30|
Mod 13|A T;B T|C T|T 30|fmod i=0
Mul 13|A T;B T|C T|T 31|
Neg 13|X T|Y T|T 38|
NegativeLogLikelihoodLoss 13|input T;target Tind;weight? T|loss T|T 1;Tind 8|ignore_index i;reduction s=mean
NonZero 13|X T|Y int64|T 34|
Pad 13|data T;pads int64;constant_value? T|output T|T 34|mode s=constant
Pow 13|X T;Y T1|Z T|T 39;T1 3|
QuantizeLinear 13|x T1;y_scale float32;y_zero_point? T2|y T2|T1 20;T2 17|axis i=1
Reciprocal 13|X T|Y T|T 33|
ReduceL1 13|data T|reduced T|T 31|axes is;keepdims i=1
ReduceL2 13|data T|reduced T|T 31|axes is;keepdims i=1
ReduceLogSum 13|data T|reduced T|T 31|axes is;keepdims i=1
ReduceLogSumExp 13|data T|reduced T|T 31|axes is;keepdims i=1
ReduceMax 13|data T|reduced T|T 40|axes is;keepdims i=1
ReduceMean 13|data T|reduced T|T 31|axes is;keepdims i=1
ReduceMin 13|data T|reduced T|T 40|axes is;keepdims i=1
ReduceProd 13|data T|reduced T|T 31|axes is;keepdims i=1
ReduceSum 13|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceSumSquare 13|data T|reduced T|T 31|axes is;keepdims i=1
Relu 13|X T|Y T|T 33|
Reshape 13|data T;shape int64|reshaped T|T 34|
Resize 13|X T1;roi? T2;scales? float32;sizes? int64|Y T1|T1 34;T2 1|coordinate_transformation_mode s=half_pixel;cubic_coeff_a f=-0.75;exclude_outside i=0;extrapolation_value f=0.0;mode s=nearest;nearest_mode s=round_prefer_floor
ScatterElements 13|data T;indices Tind;updates T|output T|T 34;Tind 8|axis i=0
ScatterND 13|data T;indices int64;updates T|output T|T 34|
Shape 13|data T|shape T1|T 34;T1 9|
Sigmoid 13|X T|Y T|T 33|
Sign 13|input T|output T|T 30|
Size 13|data T|size T1|T 34;T1 9|
Slice 13|data T;starts Tind;ends Tind;axes? Tind;steps? Tind|output T|T 34;Tind 8|
Softmax 13|input T|output T|T 33|axis i=-1
SoftmaxCrossEntropyLoss 13|scores T;labels Tind;weights? T|output T;log_prob? T|T 33;Tind 8|ignore_index i;reduction s=mean
SpaceToDepth 13|input T|output T|T 34|blocksize i!
Split 13|input T;split? int64|outputs* T|T 34|axis i=0
Sqrt 13|X T|Y T|T 33|
Squeeze 13|data T;axes? int64|squeezed T|T 34|
Sub 13|A T;B T|C T|T 31|
Sum 13|data_0* T|sum T|T 33|
Tanh 13|input T|output T|T 0|
Tile 13|input T;repeats T1|output T|T 34;T1 9|
Transpose 13|data T|transposed T|T 34|perm is
Unsqueeze 13|data T;axes int64|expanded T|T 34|
Add 14|A T;B T|C T|T 30|
BatchNormalization 14|X T;scale T;B T;input_mean U;input_var U|Y T;running_mean? U;running_var? U|T 33;U 33|epsilon f=1e-05;momentum f=0.9;training_mode i=0
CumSum 14|x T;axis T2|y T|T 31;T2 8|exclusive i=0;reverse i=0
Div 14|A T;B T|C T|T 30|
GRU 14|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;layout i=0;linear_before_reset i=0
HardSwish 14|X T|Y T|T 1|
Identity 14|input V|output V|V 41|
LSTM 14|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T;initial_c? T;P? T|Y? T;Y_h? T;Y_c? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;input_forget i=0;layout i=0
Mul 14|A T;B T|C T|T 30|
RNN 14|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 1;T1 7|activation_alpha fs;activation_beta fs;activations ss=['Tanh', 'Tanh'];clip f;direction s=forward;hidden_size i;layout i=0
Relu 14|X T|Y T|T 38|
Reshape 14|data T;shape int64|reshaped T|T 34|allowzero i=0
Sub 14|A T;B T|C T|T 30|
Trilu 14|input T;k? int64|output T|T 34|upper i=1
BatchNormalization 15|X T;scale T1;B T1;input_mean T2;input_var T2|Y T;running_mean? T2;running_var? T2|T 33;T1 33;T2 33|epsilon f=1e-05;momentum f=0.9;training_mode i=0
Bernoulli 15|input T1|output T2|T1 1;T2 42|dtype i;seed f
CastLike 15|input T1;target_type T2|output T2|T1 32;T2 32|
Optional 15|input? V|output O|V 37;O 43|type tp
OptionalGetElement 15|input O|output V|O 43;V 37|
OptionalHasElement 15|input O|output B|O 43;B 2|
Pow 15|X T;Y T1|Z T|T 39;T1 30|
Shape 15|data T|shape T1|T 34;T1 9|end i;start i=0
GreaterOrEqual 16|A T;B T|C T1|T 30;T1 2|
GridSample 16|X T1;grid T2|Y T1|T1 5;T2 1|align_corners i=0;mode s=bilinear;padding_mode s=zeros
Identity 16|input V|output V|V 44|
If 16|cond B|outputs% V|V 45;B 2|else_branch g!;then_branch g!
LeakyRelu 16|X T|Y T|T 0|alpha f=0.01
LessOrEqual 16|A T;B T|C T1|T 30;T1 2|
Loop 16|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 45;I 9;B 2|body g!
PRelu 16|X T;slope T|Y T|T 46|
RoiAlign 16|X T1;rois T1;batch_indices T2|Y T1|T1 1;T2 9|coordinate_transformation_mode s=half_pixel;mode s=avg;output_height i=1;output_width i=1;sampling_ratio i=0;spatial_scale f=1.0
Scan 16|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 34|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
ScatterElements 16|data T;indices Tind;updates T|output T|T 34;Tind 8|axis i=0;reduction s=none
ScatterND 16|data T;indices int64;updates T|output T|T 34|reduction s=none
Where 16|condition B;X T;Y T|output T|B 2;T 34|
BlackmanWindow 17|size T1|output T2|T1 8;T2 30|output_datatype i=1;periodic i=1
DFT 17|input T1;dft_length? T2|output T1|T1 33;T2 8|axis i=1;inverse i=0;onesided i=0
HammingWindow 17|size T1|output T2|T1 8;T2 30|output_datatype i=1;periodic i=1
HannWindow 17|size T1|output T2|T1 8;T2 30|output_datatype i=1;periodic i=1
LayerNormalization 17|X T;Scale T;B? T|Y T;Mean? U;InvStdDev? U|T 33;U 47|axis i=-1;epsilon f=1e-05;stash_type i=1
MelWeightMatrix 17|num_mel_bins T1;dft_length T1;sample_rate T1;lower_edge_hertz T2;upper_edge_hertz T2|output T3|T1 8;T2 48;T3 30|output_datatype i=1
STFT 17|signal T1;frame_step T2;window? T1;frame_length? T2|output T1|T1 48;T2 8|onesided i=1
SequenceMap 17|input_sequence S;additional_inputs% V|out_sequence% S|S 22;V 37|body g!
BitwiseAnd 18|A T;B T|C T|T 49|
BitwiseNot 18|X T|Y T|T 49|
BitwiseOr 18|A T;B T|C T|T 49|
BitwiseXor 18|A T;B T|C T|T 49|
CenterCropPad 18|input_data T;shape Tind|output_data T|T 34;Tind 8|axes is
Col2Im 18|input T;image_shape int64;block_shape int64|output T|T 34|dilations is;pads is;strides is
GroupNormalization! 18|X T;scale T;bias T|Y T|T 0|epsilon f=1e-05;num_groups i!
LpPool 18|X T|Y T|T 1|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;p i=2;pads is;strides is
Mish 18|X T|Y T|T 1|
OptionalGetElement 18|input O|output V|O 50;V 37|
OptionalHasElement 18|input? O|output B|O 50;B 2|
Pad 18|data T;pads int64;constant_value? T;axes? Tind|output T|T 34;Tind 8|mode s=constant
ReduceL1 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceL2 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceLogSum 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceLogSumExp 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceMax 18|data T;axes? int64|reduced T|T 40|keepdims i=1;noop_with_empty_axes i=0
ReduceMean 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceMin 18|data T;axes? int64|reduced T|T 40|keepdims i=1;noop_with_empty_axes i=0
ReduceProd 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
ReduceSumSquare 18|data T;axes? int64|reduced T|T 31|keepdims i=1;noop_with_empty_axes i=0
Resize 18|X T1;roi? T2;scales? float32;sizes? int64|Y T1|T1 34;T2 1|antialias i=0;axes is;coordinate_transformation_mode s=half_pixel;cubic_coeff_a f=-0.75;exclude_outside i=0;extrapolation_value f=0.0;keep_aspect_ratio_policy s=stretch;mode s=nearest;nearest_mode s=round_prefer_floor
ScatterElements 18|data T;indices Tind;updates T|output T|T 34;Tind 8|axis i=0;reduction s=none
ScatterND 18|data T;indices int64;updates T|output T|T 34|reduction s=none
Split 18|input T;split? int64|outputs* T|T 34|axis i=0;num_outputs i
AveragePool 19|X T|Y T|T 1|auto_pad s=NOTSET;ceil_mode i=0;count_include_pad i=0;dilations is;kernel_shape is!;pads is;strides is
Cast 19|input T1|output T2|T1 51;T2 51|saturate i=1;to i!
CastLike 19|input T1;target_type T2|output T2|T1 51;T2 51|saturate i=1
Constant 19||output T|T 52|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
DeformConv 19|X T;W T;offset T;B? T;mask? T|Y T|T 1|dilations is;group i=1;kernel_shape is;offset_group i=1;pads is;strides is
DequantizeLinear 19|x T1;x_scale T2;x_zero_point? T1|y T2|T1 53;T2 54|axis i=1
Equal 19|A T;B T|C T1|T 55;T1 2|
Identity 19|input V|output V|V 56|
If 19|cond B|outputs% V|V 57;B 2|else_branch g!;then_branch g!
Loop 19|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 57;I 9;B 2|body g!
Pad 19|data T;pads int64;constant_value? T;axes? Tind|output T|T 34;Tind 8|mode s=constant
QuantizeLinear 19|x T1;y_scale T1;y_zero_point? T2|y T2|T1 58;T2 59|axis i=1;saturate i=1
Reshape 19|data T;shape int64|reshaped T|T 52|allowzero i=0
Resize 19|X T1;roi? T2;scales? float32;sizes? int64|Y T1|T1 34;T2 1|antialias i=0;axes is;coordinate_transformation_mode s=half_pixel;cubic_coeff_a f=-0.75;exclude_outside i=0;extrapolation_value f=0.0;keep_aspect_ratio_policy s=stretch;mode s=nearest;nearest_mode s=round_prefer_floor
Scan 19|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 52|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Shape 19|data T|shape T1|T 52;T1 9|end i;start i=0
Size 19|data T|size T1|T 52;T1 9|
AffineGrid 20|theta T1;size T2|grid T1|T1 0;T2 9|align_corners i=0
ConstantOfShape 20|input T1|output T2|T1 9;T2 60|value t
DFT 20|input T1;dft_length? T2;axis? int64|output T1|T1 0;T2 8|inverse i=0;onesided i=0
Gelu 20|X T|Y T|T 33|approximate s=none
GridSample 20|X T1;grid T2|Y T1|T1 5;T2 1|align_corners i=0;mode s=linear;padding_mode s=zeros
ImageDecoder 20|encoded_stream T1|image T2|T1 24;T2 24|pixel_format s=RGB
IsInf 20|X T1|Y T2|T1 61;T2 2|detect_negative i=1;detect_positive i=1
IsNaN 20|X T1|Y T2|T1 61;T2 2|
ReduceMax 20|data T;axes? int64|reduced T|T 62|keepdims i=1;noop_with_empty_axes i=0
ReduceMin 20|data T;axes? int64|reduced T|T 62|keepdims i=1;noop_with_empty_axes i=0
RegexFullMatch 20|X T1|Y T2|T1 63;T2 2|pattern s
StringConcat 20|X T;Y T|Z T|T 63|
StringSplit 20|X T1|Y T2;Z T3|T1 63;T2 63;T3 9|delimiter s;maxsplit i
Cast 21|input T1|output T2|T1 64;T2 64|saturate i=1;to i!
CastLike 21|input T1;target_type T2|output T2|T1 65;T2 65|saturate i=1
Constant 21||output T|T 66|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
ConstantOfShape 21|input T1|output T2|T1 9;T2 67|value t
DequantizeLinear 21|x T1;x_scale T2;x_zero_point? T1|y T2|T1 68;T2 54|axis i=1;block_size i=0
Flatten 21|input T|output T|T 66|axis i=1
GroupNormalization 21|X T;scale T;bias T|Y T|T 0|epsilon f=1e-05;num_groups i!;stash_type i=1
Identity 21|input V|output V|V 69|
If 21|cond B|outputs% V|V 70;B 2|else_branch g!;then_branch g!
Loop 21|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 70;I 9;B 2|body g!
Pad 21|data T;pads int64;constant_value? T;axes? Tind|output T|T 66;Tind 8|mode s=constant
QLinearMatMul 21|a T1;a_scale TS;a_zero_point T1;b T2;b_scale TS;b_zero_point T2;y_scale TS;y_zero_point T3|y T3|TS 54;T1 59;T2 59;T3 59|
QuantizeLinear 21|x T1;y_scale T1;y_zero_point? T2|y T2|T1 58;T2 71|axis i=1;block_size i=0;output_dtype i=0;saturate i=1
Reshape 21|data T;shape int64|reshaped T|T 66|allowzero i=0
Scan 21|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 66|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Shape 21|data T|shape T1|T 66;T1 9|end i;start i=0
Size 21|data T|size T1|T 66;T1 9|
Squeeze 21|data T;axes? int64|squeezed T|T 66|
Transpose 21|data T|transposed T|T 66|perm is
Unsqueeze 21|data T;axes int64|expanded T|T 66|
Acos 22|input T|output T|T 0|
Acosh 22|input T|output T|T 0|
Asin 22|input T|output T|T 0|
Asinh 22|input T|output T|T 0|
Atan 22|input T|output T|T 0|
Atanh 22|input T|output T|T 0|
AveragePool 22|X T|Y T|T 0|auto_pad s=NOTSET;ceil_mode i=0;count_include_pad i=0;dilations is;kernel_shape is!;pads is;strides is
Bernoulli 22|input T1|output T2|T1 0;T2 72|dtype i;seed f
Conv 22|X T;W T;B? T|Y T|T 0|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;pads is;strides is
ConvTranspose 22|X T;W T;B? T|Y T|T 0|auto_pad s=NOTSET;dilations is;group i=1;kernel_shape is;output_padding is;output_shape is;pads is;strides is
Cos 22|input T|output T|T 0|
Cosh 22|input T|output T|T 0|
DeformConv 22|X T;W T;offset T;B? T;mask? T|Y T|T 0|dilations is;group i=1;kernel_shape is;offset_group i=1;pads is;strides is
Det 22|X T|Y T|T 0|
Dropout 22|data T;ratio? T1;training_mode? T2|output T;mask? T2|T 61;T1 61;T2 2|seed i
Elu 22|X T|Y T|T 0|alpha f=1.0
EyeLike 22|input T1|output T2|T1 72;T2 72|dtype i;k i=0
GRU 22|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 0;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;layout i=0;linear_before_reset i=0
GlobalAveragePool 22|X T|Y T|T 0|
GlobalLpPool 22|X T|Y T|T 0|p i=2
GlobalMaxPool 22|X T|Y T|T 0|
GridSample 22|X T1;grid T2|Y T1|T1 34;T2 0|align_corners i=0;mode s=linear;padding_mode s=zeros
HardSigmoid 22|X T|Y T|T 0|alpha f=0.2;beta f=0.5
HardSwish 22|X T|Y T|T 0|
InstanceNormalization 22|input T;scale T;B T|output T|T 0|epsilon f=1e-05
LSTM 22|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T;initial_c? T;P? T|Y? T;Y_h? T;Y_c? T|T 0;T1 7|activation_alpha fs;activation_beta fs;activations ss;clip f;direction s=forward;hidden_size i;input_forget i=0;layout i=0
LpNormalization 22|input T|output T|T 0|axis i=-1;p i=2
LpPool 22|X T|Y T|T 0|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;p i=2;pads is;strides is
MaxPool 22|X T|Y T;Indices? I|T 73;I 9|auto_pad s=NOTSET;ceil_mode i=0;dilations is;kernel_shape is!;pads is;storage_order i=0;strides is
MaxRoiPool 22|X T;rois T|Y T|T 0|pooled_shape is!;spatial_scale f=1.0
MaxUnpool 22|X T1;I T2;output_shape? T2|output T1|T1 0;T2 9|kernel_shape is!;pads is;strides is
Mish 22|X T|Y T|T 0|
Multinomial 22|input T1|output T2|T1 0;T2 8|dtype i=6;sample_size i=1;seed f
NegativeLogLikelihoodLoss 22|input T;target Tind;weight? T|loss T|T 0;Tind 8|ignore_index i;reduction s=mean
RNN 22|X T;W T;R T;B? T;sequence_lens? T1;initial_h? T|Y? T;Y_h? T|T 0;T1 7|activation_alpha fs;activation_beta fs;activations ss=['Tanh', 'Tanh'];clip f;direction s=forward;hidden_size i;layout i=0
RandomNormal 22||output T|T 0|dtype i=1;mean f=0.0;scale f=1.0;seed f;shape is!
RandomNormalLike 22|input T1|output T2|T1 34;T2 0|dtype i;mean f=0.0;scale f=1.0;seed f
RandomUniform 22||output T|T 0|dtype i=1;high f=1.0;low f=0.0;seed f;shape is!
RandomUniformLike 22|input T1|output T2|T1 34;T2 0|dtype i;high f=1.0;low f=0.0;seed f
RoiAlign 22|X T1;rois T1;batch_indices T2|Y T1|T1 0;T2 9|coordinate_transformation_mode s=half_pixel;mode s=avg;output_height i=1;output_width i=1;sampling_ratio i=0;spatial_scale f=1.0
Round 22|X T|Y T|T 0|
Selu 22|X T|Y T|T 0|alpha f=1.67326;gamma f=1.0507
Sin 22|input T|output T|T 0|
Sinh 22|input T|output T|T 0|
Softplus 22|X T|Y T|T 0|
Softsign 22|input T|output T|T 0|
Tan 22|input T|output T|T 0|
ThresholdedRelu 22|X T|Y T|T 0|alpha f=1.0
Attention 23|Q T1;K T1;V T2;attn_mask? U;past_key? T1;past_value? T2|Y T1;present_key? T1;present_value? T2;qk_matmul_output? T1|T1 0;T2 0;U 72|is_causal i=0;kv_num_heads i;q_num_heads i;qk_matmul_output_mode i=0;scale f;softcap f=0.0;softmax_precision i
Cast 23|input T1|output T2|T1 74;T2 74|saturate i=1;to i!
CastLike 23|input T1;target_type T2|output T2|T1 74;T2 74|saturate i=1
Constant 23||output T|T 75|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
ConstantOfShape 23|input T1|output T2|T1 9;T2 76|value t
DequantizeLinear 23|x T1;x_scale T2;x_zero_point? T1|y T3|T1 77;T2 54;T3 54|axis i=1;block_size i=0;output_dtype i=0
Flatten 23|input T|output T|T 75|axis i=1
Identity 23|input V|output V|V 78|
If 23|cond B|outputs% V|V 79;B 2|else_branch g!;then_branch g!
Loop 23|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 79;I 9;B 2|body g!
Pad 23|data T;pads int64;constant_value? T;axes? Tind|output T|T 75;Tind 8|mode s=constant
QuantizeLinear 23|x T1;y_scale T2;y_zero_point? T3|y T3|T1 58;T2 58;T3 80|axis i=1;block_size i=0;output_dtype i=0;precision i=0;saturate i=1
RMSNormalization 23|X T;scale V|Y V|T 33;V 33|axis i=-1;epsilon f=1e-05;stash_type i=1
Reshape 23|data T;shape int64|reshaped T|T 75|allowzero i=0
RotaryEmbedding 23|X T;cos_cache T;sin_cache T;position_ids? M|Y T|T 54;M 9|interleaved i=0;num_heads i;rotary_embedding_dim i=0
Scan 23|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 75|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Shape 23|data T|shape T1|T 75;T1 9|end i;start i=0
Size 23|data T|size T1|T 75;T1 9|
Squeeze 23|data T;axes? int64|squeezed T|T 75|
Transpose 23|data T|transposed T|T 75|perm is
Unsqueeze 23|data T;axes int64|expanded T|T 75|
Attention 24|Q T1;K T1;V T2;attn_mask? U;past_key? T1;past_value? T2;nonpad_kv_seqlen? int64|Y T1;present_key? T1;present_value? T2;qk_matmul_output? T1|T1 0;T2 0;U 72|is_causal i=0;kv_num_heads i;q_num_heads i;qk_matmul_output_mode i=0;scale f;softcap f=0.0;softmax_precision i
Cast 24|input T1|output T2|T1 81;T2 81|round_mode s=up;saturate i=1;to i!
CastLike 24|input T1;target_type T2|output T2|T1 81;T2 81|round_mode s=up;saturate i=1
Constant 24||output T|T 82|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
ConstantOfShape 24|input T1|output T2|T1 9;T2 83|value t
DequantizeLinear 24|x T1;x_scale T2;x_zero_point? T1|y T3|T1 77;T2 84;T3 54|axis i=1;block_size i=0;output_dtype i=0
Flatten 24|input T|output T|T 82|axis i=1
Identity 24|input V|output V|V 85|
If 24|cond B|outputs% V|V 86;B 2|else_branch g!;then_branch g!
Loop 24|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 86;I 9;B 2|body g!
Pad 24|data T;pads int64;constant_value? T;axes? Tind|output T|T 82;Tind 8|mode s=constant
QuantizeLinear 24|x T1;y_scale T2;y_zero_point? T3|y T3|T1 58;T2 87;T3 80|axis i=1;block_size i=0;output_dtype i=0;precision i=0;saturate i=1
Reshape 24|data T;shape int64|reshaped T|T 82|allowzero i=0
Scan 24|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 82|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Shape 24|data T|shape T1|T 82;T1 9|end i;start i=0
Size 24|data T|size T1|T 82;T1 9|
SplitToSequence 24|input T;split? I|output_sequence S|T 34;I 8;S 88|axis i=0;keepdims i=1
Squeeze 24|data T;axes? int64|squeezed T|T 82|
Swish 24|X T|Y T|T 89|alpha f=1.0
TensorScatter 24|past_cache T;update T;write_indices? int64|present_cache T|T 82|axis i=-2;mode s=linear
TopK 24|X T;K int64|Values T;Indices I|T 30;I 9|axis i=-1;largest i=1;sorted i=1
Transpose 24|data T|transposed T|T 82|perm is
Unsqueeze 24|data T;axes int64|expanded T|T 82|
Attention 25|Q T1;K T1;V T2;attn_mask? U;past_key? T1;past_value? T2;nonpad_kv_seqlen? int64|Y T1;present_key? T1;present_value? T2;qk_matmul_output? T1|T1 0;T2 0;U 72|is_causal i=0;kv_num_heads i;left_window_size i=-1;q_num_heads i;qk_matmul_output_mode i=0;right_window_size i=-1;scale f;softcap f=0.0;softmax_precision i
Cast 25|input T1|output T2|T1 90;T2 90|round_mode s=up;saturate i=1;to i!
CastLike 25|input T1;target_type T2|output T2|T1 90;T2 90|round_mode s=up;saturate i=1
Constant 25||output T|T 91|sparse_value sp;value t;value_float f;value_floats fs;value_int i;value_ints is;value_string s;value_strings ss
ConstantOfShape 25|input T1|output T2|T1 9;T2 92|value t
DequantizeLinear 25|x T1;x_scale T2;x_zero_point? T1|y T3|T1 93;T2 84;T3 54|axis i=1;block_size i=0;output_dtype i=0
Flatten 25|input T|output T|T 91|axis i=1
Identity 25|input V|output V|V 94|
If 25|cond B|outputs% V|V 95;B 2|else_branch g!;then_branch g!
Loop 25|M? I;cond? B;v_initial% V|v_final_and_scan_outputs% V|V 95;I 9;B 2|body g!
Pad 25|data T;pads int64;constant_value? T;axes? Tind|output T|T 91;Tind 8|mode s=constant
QuantizeLinear 25|x T1;y_scale T2;y_zero_point? T3|y T3|T1 58;T2 87;T3 96|axis i=1;block_size i=0;output_dtype i=0;precision i=0;saturate i=1
Reshape 25|data T;shape int64|reshaped T|T 91|allowzero i=0
Scan 25|initial_state_and_scan_inputs% V|final_state_and_scan_outputs% V|V 91|body g!;num_scan_inputs i!;scan_input_axes is;scan_input_directions is;scan_output_axes is;scan_output_directions is
Shape 25|data T|shape T1|T 91;T1 9|end i;start i=0
Size 25|data T|size T1|T 91;T1 9|
Squeeze 25|data T;axes? int64|squeezed T|T 91|
Transpose 25|data T|transposed T|T 91|perm is
Unsqueeze 25|data T;axes int64|expanded T|T 91|
BitCast 26|input T1|output T2|T1 97;T2 97|to i!
CumProd 26|x T;axis T2|y T|T 31;T2 8|exclusive i=0;reverse i=0
ml.ArrayFeatureExtractor 1|X T;Y int64|Z T|T 98|
ml.Binarizer 1|X T|Y T|T 99|threshold f=0.0
ml.CastMap 1|X T1|Y T2|T1 100;T2 101|cast_to s=TO_FLOAT;map_form s=DENSE;max_map i=1
ml.CategoryMapper 1|X T1|Y T2|T1 102;T2 102|cats_int64s is;cats_strings ss;default_int64 i=-1;default_string s=_Unused
ml.DictVectorizer 1|X T1|Y T2|T1 103;T2 104|int64_vocabulary is;string_vocabulary ss
ml.FeatureVectorizer 1|X* T1|Y float32|T1 105|inputdimensions is
ml.Imputer 1|X T|Y T|T 99|imputed_value_floats fs;imputed_value_int64s is;replaced_value_float f=0.0;replaced_value_int64 i=0
ml.LabelEncoder 1|X T1|Y T2|T1 102;T2 102|classes_strings ss;default_int64 i=-1;default_string s=_Unused
ml.LinearClassifier 1|X T1|Y T2;Z float32|T1 99;T2 102|classlabels_ints is;classlabels_strings ss;coefficients fs!;intercepts fs;multi_class i=0;post_transform s=NONE
ml.LinearRegressor 1|X T|Y float32|T 99|coefficients fs;intercepts fs;post_transform s=NONE;targets i=1
ml.Normalizer 1|X T|Y float32|T 99|norm s=MAX
ml.OneHotEncoder 1|X T|Y float32|T 106|cats_int64s is;cats_strings ss;zeros i=1
ml.SVMClassifier 1|X T1|Y T2;Z float32|T1 99;T2 102|classlabels_ints is;classlabels_strings ss;coefficients fs;kernel_params fs;kernel_type s=LINEAR;post_transform s=NONE;prob_a fs;prob_b fs;rho fs;support_vectors fs;vectors_per_class is
ml.SVMRegressor 1|X T|Y float32|T 99|coefficients fs;kernel_params fs;kernel_type s=LINEAR;n_supports i=0;one_class i=0;post_transform s=NONE;rho fs;support_vectors fs
ml.Scaler 1|X T|Y float32|T 99|offset fs;scale fs
ml.TreeEnsembleClassifier 1|X T1|Y T2;Z float32|T1 99;T2 102|base_values fs;class_ids is;class_nodeids is;class_treeids is;class_weights fs;classlabels_int64s is;classlabels_strings ss;nodes_falsenodeids is;nodes_featureids is;nodes_hitrates fs;nodes_missing_value_tracks_true is;nodes_modes ss;nodes_nodeids is;nodes_treeids is;nodes_truenodeids is;nodes_values fs;post_transform s=NONE
ml.TreeEnsembleRegressor 1|X T|Y float32|T 99|aggregate_function s=SUM;base_values fs;n_targets i;nodes_falsenodeids is;nodes_featureids is;nodes_hitrates fs;nodes_missing_value_tracks_true is;nodes_modes ss;nodes_nodeids is;nodes_treeids is;nodes_truenodeids is;nodes_values fs;post_transform s=NONE;target_ids is;target_nodeids is;target_treeids is;target_weights fs
ml.ZipMap 1|X float32|Z T|T 107|classlabels_int64s is;classlabels_strings ss
ml.LabelEncoder 2|X T1|Y T2|T1 108;T2 108|default_float f=-0.0;default_int64 i=-1;default_string s=_Unused;keys_floats fs;keys_int64s is;keys_strings ss;values_floats fs;values_int64s is;values_strings ss
ml.TreeEnsembleClassifier 3|X T1|Y T2;Z float32|T1 99;T2 102|base_values fs;base_values_as_tensor t;class_ids is;class_nodeids is;class_treeids is;class_weights fs;class_weights_as_tensor t;classlabels_int64s is;classlabels_strings ss;nodes_falsenodeids is;nodes_featureids is;nodes_hitrates fs;nodes_hitrates_as_tensor t;nodes_missing_value_tracks_true is;nodes_modes ss;nodes_nodeids is;nodes_treeids is;nodes_truenodeids is;nodes_values fs;nodes_values_as_tensor t;post_transform s=NONE
ml.TreeEnsembleRegressor 3|X T|Y float32|T 99|aggregate_function s=SUM;base_values fs;base_values_as_tensor t;n_targets i;nodes_falsenodeids is;nodes_featureids is;nodes_hitrates fs;nodes_hitrates_as_tensor t;nodes_missing_value_tracks_true is;nodes_modes ss;nodes_nodeids is;nodes_treeids is;nodes_truenodeids is;nodes_values fs;nodes_values_as_tensor t;post_transform s=NONE;target_ids is;target_nodeids is;target_treeids is;target_weights fs;target_weights_as_tensor t
ml.LabelEncoder 4|X T1|Y T2|T1 109;T2 109|default_float f=-0.0;default_int64 i=-1;default_string s=_Unused;default_tensor t;keys_floats fs;keys_int64s is;keys_strings ss;keys_tensor t;values_floats fs;values_int64s is;values_strings ss;values_tensor t
ml.TreeEnsemble 5|X T|Y T|T 110|aggregate_function i=1;leaf_targetids is!;leaf_weights t!;membership_values t;n_targets i;nodes_falseleafs is!;nodes_falsenodeids is!;nodes_featureids is!;nodes_hitrates t;nodes_missing_value_tracks_true is;nodes_modes t!;nodes_splits t!;nodes_trueleafs is!;nodes_truenodeids is!;post_transform i=0;tree_roots is!
ml.TreeEnsembleClassifier! 5||||
ml.TreeEnsembleRegressor! 5||||
`;
