/** Written by `npm run kernels`: the kernels of onnxruntime-node 1.30.0's cpu provider. See table.ts for the form of a line. */
export const cpu = `
Abs 6 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Abs 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Acos 7 f32 f16 !f64
Acos 22 f32 f16 !bf16 !f64
Acosh 9 f32 f16 !f64
Acosh 22 f32 f16 !bf16 !f64
Add 7 f32 f16 f64 i64 i32 u64 u32
Add 13 f32 f16 !bf16 f64 i64 i32 u64 u32
Add 14 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
AffineGrid 20 f32 f16 !bf16 f64
And 7 bool
ArgMax 1 f32 f16 f64 i64 i32 !i16 i8 !u64 !u32 !u16 u8
ArgMax 13 f32 f16 !bf16 f64 i64 i32 !i16 i8 !u64 !u32 !u16 u8
ArgMin 1 f32 f16 f64 i64 i32 !i16 i8 !u64 !u32 !u16 u8
ArgMin 13 f32 f16 !bf16 f64 i64 i32 !i16 i8 !u64 !u32 !u16 u8
Asin 7 f32 f16 !f64
Asin 22 f32 f16 !bf16 !f64
Asinh 9 f32 f16 !f64
Asinh 22 f32 f16 !bf16 !f64
Atan 7 f32 f16 !f64
Atan 22 f32 f16 !bf16 !f64
Atanh 9 f32 f16 !f64
Atanh 22 f32 f16 !bf16 !f64
Attention 23 f32 f16 !bf16 f64
AveragePool 7 f32 f16 !f64
AveragePool 22 f32 f16 !bf16 !f64
BatchNormalization 7 f32 f16 f64
BatchNormalization 14 f32 f16 !bf16 f64
Bernoulli 15 f32 f16 f64
Bernoulli 22 !f32 !f16 !bf16 !f64
BitShift 11 u64 u32 !u16 u8
BitwiseAnd 18 i64 i32 i16 i8 u64 u32 u16 u8
BitwiseNot 18 i64 i32 i16 i8 u64 u32 u16 u8
BitwiseOr 18 i64 i32 i16 i8 u64 u32 u16 u8
BitwiseXor 18 i64 i32 i16 i8 u64 u32 u16 u8
BlackmanWindow 17 i64 i32
Cast>bfloat16 13 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>bool 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Cast>bool 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Cast>float16 9 f32 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>float16 13 f32 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>float32 9 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>float32 13 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>float64 9 f32 f16 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>float64 13 f32 f16 bf16 i64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>int16 9 f32 f16 f64 i64 i32 i8 u64 u32 u16 u8 bool
Cast>int16 13 f32 f16 bf16 f64 i64 i32 i8 u64 u32 u16 u8 bool
Cast>int32 9 f32 f16 f64 i64 i16 i8 u64 u32 u16 u8 bool
Cast>int32 13 f32 f16 bf16 f64 i64 i16 i8 u64 u32 u16 u8 bool
Cast>int64 9 f32 f16 f64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>int64 13 f32 f16 bf16 f64 i32 i16 i8 u64 u32 u16 u8 bool
Cast>int8 9 f32 f16 f64 i64 i32 i16 u64 u32 u16 u8 bool
Cast>int8 13 f32 f16 bf16 f64 i64 i32 i16 u64 u32 u16 u8 bool
Cast>uint16 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u8 bool
Cast>uint16 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u8 bool
Cast>uint32 9 f32 f16 f64 i64 i32 i16 i8 u64 u16 u8 bool
Cast>uint32 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u16 u8 bool
Cast>uint64 9 f32 f16 f64 i64 i32 i16 i8 u32 u16 u8 bool
Cast>uint64 13 f32 f16 bf16 f64 i64 i32 i16 i8 u32 u16 u8 bool
Cast>uint8 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 bool
Cast>uint8 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 bool
Ceil 6 f32 f16 f64
Ceil 13 f32 f16 !bf16 f64
Celu 12 f32
CenterCropPad 18 f32 f16 !bf16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8 bool !str
Clip 6 f32 f16 !f64
Clip 12 f32 f16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8
Clip 13 f32 f16 ~bf16 f64 i64 i32 ~i16 i8 u64 u32 ~u16 u8
Col2Im 18 f32 f16 !bf16 !f64 !i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8 !bool !str
Compress 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Concat 4 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Concat 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
ConstantOfShape 9 i64
Conv 1 f32 f16 !f64
Conv 22 f32 f16 !bf16 !f64
ConvInteger 10 i8 u8
ConvTranspose 1 f32 f16 !f64
ConvTranspose 22 f32 f16 !bf16 !f64
Cos 7 f32 f16 f64
Cos 22 f32 f16 !bf16 f64
Cosh 9 f32 f16 !f64
Cosh 22 f32 f16 !bf16 !f64
CumSum 11 f32 f64 i64 i32 !u64 !u32
CumSum 14 f32 f16 !bf16 f64 i64 i32 !u64 !u32
DFT 17 f32 f16 !bf16 f64
DeformConv 19 f32 f16 f64
DeformConv 22 f32 f16 !bf16 f64
DepthToSpace 1 f32 f16 f64 !i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8 !bool !str
DepthToSpace 11 f32 f16 f64 !i64 !i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
DepthToSpace 13 f32 f16 !bf16 f64 !i64 !i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
DequantizeLinear 10 f32
DequantizeLinear 19 f32 f16 !bf16
DequantizeLinear 21 f32 f16 !bf16 i32 i16 i8 u16 u8
DequantizeLinear 23 f32 f16 !bf16
DequantizeLinear 24 f32 f16 !bf16 i32 i16 i8 u16 u8
Det 11 f32 f16 !f64
Det 22 f32 f16 !bf16 !f64
Div 7 f32 f16 f64 i64 i32 u64 u32
Div 13 f32 f16 !bf16 f64 i64 i32 u64 u32
Div 14 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Dropout 7 f32 f16 f64
Dropout 13 f32 f16 !bf16 f64
DynamicQuantizeLinear 11 f32
Einsum 12 f32 f16 f64 i64 i32 !i16 !i8 !u64 !u32 !u16 !u8
Elu 6 f32 f16 !f64
Elu 22 f32 f16 !bf16 !f64
Equal 7 i64 i32 bool
Equal 11 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Equal 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool
Equal 19 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Erf 9 f32 f16 !f64 !i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8
Erf 13 f32 f16 !bf16 !f64
Exp 6 f32 f16 f64
Exp 13 f32 f16 !bf16 f64
Expand 8 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Expand 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
EyeLike 9 f32 f16 f64 i64 i32 !i16 !i8 u64 !u32 !u16 !u8 !bool
EyeLike 22 f32 f16 !bf16 f64 i64 i32 !i16 !i8 u64 !u32 !u16 !u8 !bool
Flatten 1 f32 f16 f64
Flatten 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Flatten 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Floor 6 f32 f16 f64
Floor 13 f32 f16 !bf16 f64
GRU 7 f32 f16 f64
GRU 22 f32 f16 !bf16 f64
Gather 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Gather 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
GatherElements 11 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
GatherElements 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
GatherND 11 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
GatherND 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Gelu 20 f32 f16 !bf16 !f64
Gelu>tanh 20 f32 f16 !bf16 f64
Gemm 7 f32 f16 f64
Gemm 9 f32 f16 f64 !i64 !i32 !u64 !u32
Gemm 13 f32 f16 !bf16 f64 !i64 !i32 !u64 !u32
GlobalAveragePool 1 f32 f16 !f64
GlobalAveragePool 22 f32 f16 !bf16 !f64
GlobalMaxPool 1 f32 f16 !f64
GlobalMaxPool 22 f32 f16 !bf16 !f64
Greater 7 f32 f16 f64
Greater 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Greater 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
GreaterOrEqual 12 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
GreaterOrEqual 16 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
GridSample 16 f32 f16 !f64 !i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8 !bool !str
GridSample 20 f32 f16 f64 !i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8 !bool !str
GridSample 22 f32 f16 !bf16 f64 !i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8 !bool !str
GroupNormalization 18 f32 f16 !bf16 f64
HammingWindow 17 i64 i32
HannWindow 17 i64 i32
HardSigmoid 6 f32 f16 !f64
HardSigmoid 22 f32 f16 !bf16 !f64
HardSwish 14 f32 f16 !f64
HardSwish 22 f32 f16 !bf16 !f64
Hardmax 1 f32 f16 !f64
Hardmax 13 f32 f16 !bf16 !f64
Identity 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Identity 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
ImageDecoder 20 !u8
InstanceNormalization 6 f32 f16 !f64
InstanceNormalization 22 f32 f16 !bf16 !f64
IsInf 10 f32 f64
IsInf 20 f32 f16 bf16 f64
IsNaN 9 f32 f16 f64
IsNaN 13 f32 f16 !bf16 f64
IsNaN 20 f32 f16 bf16 f64
LRN 1 f32 f16 !f64
LRN 13 f32 f16 !bf16 !f64
LSTM 7 f32 f16 f64
LSTM 22 f32 f16 !bf16 f64
LayerNormalization 1 f32 f16 bf16 f64
LeakyRelu 6 f32 f16 !f64
LeakyRelu 16 f32 f16 !bf16 !f64
Less 7 f32 f16 f64
Less 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Less 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
LessOrEqual 12 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
LessOrEqual 16 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Log 6 f32 f16 f64
Log 13 f32 f16 !bf16 f64
LogSoftmax 1 f32 f16 f64
LogSoftmax 13 f32 f16 !bf16 f64
LpNormalization 1 f32 f16 f64
LpNormalization 22 f32 f16 !bf16 f64
LpPool 2 f32 f16 !f64
LpPool 22 f32 f16 !bf16 !f64
MatMul 1 f32 f16 f64
MatMul 9 f32 f16 f64 i64 i32 u64 u32
MatMul 13 f32 f16 !bf16 f64 i64 i32 u64 u32
MatMulInteger 10 i8 u8
Max 6 f32 f16 !f64
Max 8 f32 f16 f64
Max 12 f32 f16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8
Max 13 f32 f16 !bf16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8
MaxPool 1 f32 f16 !f64
MaxPool 8 f32 f16 f64
MaxPool 12 f32 f16 f64 i8 u8
MaxPool 22 f32 f16 !bf16 f64 i8 u8
MaxRoiPool 1 f32 f16 !f64
MaxRoiPool 22 !f32 !f16 !bf16 !f64
MaxUnpool 9 f32 f16 !f64
MaxUnpool 22 f32 f16 !bf16 !f64
Mean 6 f32 f16 !f64
Mean 13 f32 f16 !bf16 !f64
MeanVarianceNormalization 9 f32 f16 !f64
MeanVarianceNormalization 13 f32 f16 !bf16 !f64
MelWeightMatrix 17 f32 !bf16 !f64
Min 6 f32 f16 !f64
Min 8 f32 f16 f64
Min 12 f32 f16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8
Min 13 f32 f16 !bf16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8
Mish 18 f32 f16 !f64
Mish 22 f32 f16 !bf16 !f64
Mod 10 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Mod 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Mul 7 f32 f16 f64 i64 i32 u64 u32
Mul 13 f32 f16 !bf16 f64 i64 i32 u64 u32
Mul 14 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Multinomial 7 f32 f16 !f64
Multinomial 22 !f32 !f16 !bf16 !f64
Neg 6 f32 f16 f64 i64 i32 i16 i8
Neg 13 f32 f16 !bf16 f64 i64 i32 i16 i8
NegativeLogLikelihoodLoss 12 f32 f16 f64
NegativeLogLikelihoodLoss 22 f32 f16 !bf16 f64
NonMaxSuppression 10 f32
NonZero 9 f32 f16 !f64 i64 i32 !i16 !i8 !u64 !u32 !u16 u8 bool !str
NonZero 13 f32 f16 !bf16 !f64 i64 i32 !i16 !i8 !u64 !u32 !u16 u8 bool !str
Not 1 bool
OneHot 9 f32 f16 !f64 i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8
OneHot 11 f32 f16 !f64 ~i64 !i32 !i16 !i8 !u64 !u32 !u16 !u8
OptionalGetElement 18 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
OptionalHasElement 18 bool
Or 7 bool
PRelu 7 f32 f16 !f64
PRelu 9 f32 f16 !f64 !i64 !i32 !u64 !u32
PRelu 16 f32 f16 !bf16 !f64 !i64 !i32 !u64 !u32
Pad 2 f32 f16 f64
Pad 11 f32 f16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8
Pad 13 f32 f16 !bf16 f64 i64 i32 !i16 i8 u64 u32 !u16 u8 bool !str
Pow 7 f32 f16 f64
Pow 12 f32 f16 f64 i64 i32 !i16 !i8 !u64 !u32 !u16 !u8
Pow 13 ~f32 ~f16 !bf16 ~f64 ~i64 ~i32 !i16 !i8 !u64 !u32 !u16 !u8
QLinearConv 10 f32
QLinearMatMul 10 f32
QLinearMatMul 21 f32 f16 !bf16 i8 u8
QuantizeLinear 10 f32 !i32
QuantizeLinear 19 f32 f16 !bf16 !i32
QuantizeLinear 24 ~f32 ~f16 !bf16 !i32
RMSNormalization 23 f32 f16 !bf16 f64
RNN 7 f32 f16 !f64
RNN 22 f32 f16 !bf16 !f64
RandomNormal 1 f32 !f16 f64
RandomNormal 22 !f32 !f16 !bf16 !f64
RandomNormalLike 1 f32 f16 f64
RandomNormalLike 22 !f32 !f16 !bf16 !f64
RandomUniform 1 f32 !f16 f64
RandomUniform 22 !f32 !f16 !bf16 !f64
RandomUniformLike 1 f32 f16 f64
RandomUniformLike 22 !f32 !f16 !bf16 !f64
Range 11 f32 f64 i64 i32 i16
Reciprocal 6 f32 f16 f64
Reciprocal 13 f32 f16 !bf16 f64
ReduceL1 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceL1 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceL2 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceL2 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceLogSum 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceLogSum 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceLogSum 18 f32 f16 !bf16 f64 i64 i32
ReduceLogSumExp 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceLogSumExp 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceMax 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceMax 12 f32 f16 f64 i64 i32 i8 !u64 !u32 u8
ReduceMax 13 f32 f16 !bf16 f64 i64 i32 i8 !u64 !u32 u8
ReduceMax 20 f32 f16 !bf16 f64 i64 i32 i8 !u64 !u32 u8 bool
ReduceMean 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceMean 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceMin 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceMin 12 f32 f16 f64 i64 i32 i8 !u64 !u32 u8
ReduceMin 13 f32 f16 !bf16 f64 i64 i32 i8 !u64 !u32 u8
ReduceMin 20 f32 f16 !bf16 f64 i64 i32 i8 !u64 !u32 u8 bool
ReduceProd 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceProd 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceSum 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceSum 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
ReduceSumSquare 1 f32 f16 f64 i64 i32 !u64 !u32
ReduceSumSquare 13 f32 f16 !bf16 f64 i64 i32 !u64 !u32
RegexFullMatch 20 str
Relu 6 f32 f16 f64
Relu 13 f32 f16 !bf16 f64
Relu 14 f32 f16 !bf16 f64 !i64 i32 !i16 i8
Reshape 5 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Reshape 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Resize 10 f32 f16 !f64 !i64 i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
Resize 13 f32 f16 !bf16 !f64 !i64 i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
ReverseSequence 10 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
RoiAlign 10 f32 f16 f64
RoiAlign 22 !f32 !f16 !bf16 !f64
RotaryEmbedding 23 f32 f16 !bf16
Round 11 f32 f16 f64
Round 22 f32 f16 !bf16 f64
STFT 17 f32 f16 !bf16 f64
Scatter 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
ScatterElements 11 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
ScatterElements 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
ScatterND 11 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
ScatterND 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Selu 6 f32 f16 !f64
Selu 22 f32 f16 !bf16 !f64
SequenceConstruct 11 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Shape 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Shape 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Shrink 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Sigmoid 6 f32 f16 f64
Sigmoid 13 f32 f16 !bf16 f64
Sign 9 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Sign 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
SimplifiedLayerNormalization 1 f32 f16 bf16 f64
Sin 7 f32 f16 f64
Sin 22 f32 f16 !bf16 f64
Sinh 9 f32 f16 !f64
Sinh 22 f32 f16 !bf16 !f64
Size 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Size 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Slice 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Slice 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Softmax 1 f32 f16 f64
Softmax 13 f32 f16 !bf16 f64
SoftmaxCrossEntropyLoss 12 f32 f16 f64
SoftmaxCrossEntropyLoss 13 f32 f16 !bf16 f64
Softplus 1 f32 f16 !f64
Softplus 22 f32 f16 !bf16 !f64
Softsign 1 f32 f16 !f64
Softsign 22 f32 f16 !bf16 !f64
SpaceToDepth 1 f32 f16 f64 !i64 !i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
SpaceToDepth 13 f32 f16 !bf16 f64 !i64 !i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
Split 2 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Split 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
SplitToSequence 11 f32 f16 f64 i64 i32 !i16 !i8 !u64 !u32 !u16 !u8 bool str
Sqrt 6 f32 f16 f64
Sqrt 13 f32 f16 !bf16 f64
Squeeze 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Squeeze 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
StringConcat 20 str
StringNormalizer 10 str
StringSplit 20 str
Sub 7 f32 f16 f64 i64 i32 u64 u32
Sub 13 f32 f16 !bf16 f64 i64 i32 u64 u32
Sub 14 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8
Sum 6 f32 f16 f64
Sum 13 f32 f16 !bf16 f64
Swish 24 f32 f16 !bf16 f64
Swish 25 !f32 !f16 !bf16 !f64
Tan 7 f32 f16 !f64
Tan 22 f32 f16 !bf16 !f64
Tanh 6 f32 f16 f64
Tanh 13 f32 f16 !bf16 f64
TensorScatter 24 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool !str
TfIdfVectorizer 9 i64 i32 str
ThresholdedRelu 10 f32 f16 !f64
ThresholdedRelu 22 f32 f16 !bf16 !f64
Tile 6 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Tile 13 f32 f16 !bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
TopK 1 f32 f16 f64
TopK 11 f32 f16 f64 i64 i32 i16 i8 !u64 !u32 !u16 u8
TopK 24 f32 f16 !bf16 f64 i64 i32 i16 i8 !u64 !u32 !u16 u8
Transpose 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Transpose 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Trilu 14 f32 f16 !bf16 f64 i64 i32 !i16 !i8 !u64 !u32 !u16 !u8 bool !str
Unique 11 f32 f16 f64 i64 !i32 !i16 i8 !u64 !u32 !u16 !u8 !bool str
Unsqueeze 1 f32 f16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Unsqueeze 13 f32 f16 bf16 f64 i64 i32 i16 i8 u64 u32 u16 u8 bool str
Upsample 7 f32 f16 !f64 !i64 i32 !i16 i8 !u64 !u32 !u16 u8 !bool !str
Where 9 f32 f16 f64 i64 i32 !i16 !i8 !u64 !u32 !u16 u8 ~bool str
Where 16 f32 f16 !bf16 f64 i64 i32 !i16 !i8 !u64 !u32 !u16 u8 ~bool str
Xor 7 bool
ms.Attention 1 f32 f16 !bf16
ms.BiasAdd 1 !f32 !f16
ms.BiasGelu 1 f32 f16 !bf16 !f64
ms.BiasSplitGelu 1 !f32 !f16
ms.DynamicQuantizeLSTM 1 f32
ms.DynamicQuantizeMatMul 1 f32
ms.EmbedLayerNormalization 1 f32 f16
ms.FastGelu 1 f32 f16 !bf16 f64
ms.FusedConv 1 f32 f16 !f64
ms.FusedGemm 1 f32 f16 !f64 !i64 !i32 !u64 !u32
ms.FusedMatMul 1 f32 f16 !bf16 f64
ms.GatherBlockQuantized 1 f32 f16 !bf16
ms.Gelu 1 f32 f16 !bf16 !f64
ms.GemmFloat8 1 !f32 !bf16
ms.GroupNorm 1 !f32 !f16
ms.GroupQueryAttention 1 f32 f16 !bf16
ms.MatMulBnb4 1 f32 f16 !bf16
ms.MatMulIntegerToFloat 1 f32 f16
ms.MatMulNBits 1 f32 f16 !bf16
ms.MoE 1 f32 f16 !bf16
ms.MultiHeadAttention 1 f32 f16 !bf16
ms.NhwcConv 1 !f32 !f16 !f64
ms.PackedMultiHeadAttention 1 !f32 !f16
ms.QuickGelu 1 f32 f16 !bf16 f64
ms.RotaryEmbedding 1 f32 f16 !bf16
ms.SkipGroupNorm 1 !f32 !f16
ms.SkipLayerNormalization 1 f32 f16 bf16
ms.SkipSimplifiedLayerNormalization 1 f32 f16 bf16
`;
