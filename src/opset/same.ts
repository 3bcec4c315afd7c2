/**
 * New versions of ops that mean the same for every node of the version before: they take more types, or have attributes
 * and inputs whose absence is the old meaning. By the opset that brought them. Source: the change log of the ONNX operators.
 */

/** Ops that got a new version with nearly every new set of types. */
const storage = 'Cast CastLike Constant ConstantOfShape Flatten Identity If Loop Pad Reshape Scan Shape Size';
const views = 'Squeeze Transpose Unsqueeze';
const quantization = 'DequantizeLinear QuantizeLinear';

const same: Readonly<Record<number, string>> = {
  8: 'Max MaxPool Mean Min Sum',
  9: 'Cast Constant Flatten Gemm Greater Less MatMul PRelu',
  10: 'AveragePool MaxPool',
  11: `ArgMax ArgMin AveragePool Compress Concat Constant Conv ConvTranspose DepthToSpace Equal Flatten Gather Gemm
    Hardmax If LogSoftmax Loop LpPool MaxPool MaxUnpool NonMaxSuppression OneHot ReduceL1 ReduceL2 ReduceLogSum
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Scan Slice Softmax Split Squeeze
    TopK Unsqueeze`,
  12: 'ArgMax ArgMin Clip Constant GatherND Max MaxPool Min Pow ReduceMax ReduceMin',
  13: `Abs Add ArgMax ArgMin Cast Ceil Clip Concat Constant DepthToSpace DequantizeLinear Div Dropout Equal Exp Expand
    Flatten Floor Gather GatherElements GatherND Gemm Greater Identity If IsNaN LRN Less Log Loop MatMul Max Mean
    MeanVarianceNormalization Min Mod Mul Neg NegativeLogLikelihoodLoss NonZero Pad Pow QuantizeLinear Reciprocal ReduceL1
    ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare Relu Reshape
    ScatterElements ScatterND Shape Sigmoid Sign Size Slice SoftmaxCrossEntropyLoss SpaceToDepth Sqrt Sub Sum Tanh Tile
    Transpose`,
  14: 'Add CumSum Div GRU Identity LSTM Mul RNN Relu Reshape Sub',
  15: 'BatchNormalization Pow Shape',
  16: 'GreaterOrEqual Identity If LeakyRelu LessOrEqual Loop PRelu Scan ScatterElements ScatterND Where',
  18: 'LpPool OptionalGetElement OptionalHasElement Pad Resize ScatterElements ScatterND',
  19: `AveragePool Cast CastLike Constant Equal Identity If Loop Pad Reshape Resize Scan Shape Size ${quantization}`,
  20: 'ConstantOfShape IsInf IsNaN ReduceMax ReduceMin',
  21: `${storage} ${views} ${quantization} QLinearMatMul`,
  22: `Acos Acosh Asin Asinh Atan Atanh Bernoulli Conv ConvTranspose Cos Cosh DeformConv Det Dropout Elu EyeLike GRU
    GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish InstanceNormalization LSTM
    LpNormalization LpPool MaxRoiPool MaxUnpool Mish Multinomial NegativeLogLikelihoodLoss RNN RandomNormal
    RandomNormalLike RandomUniform RandomUniformLike RoiAlign Round Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu`,
  23: `${storage} ${views} ${quantization}`,
  24: `${storage} ${views} ${quantization} Attention SplitToSequence TopK`,
  25: `${storage} ${views} ${quantization} Attention`,
};

const sets = new Map(Object.entries(same).map(([version, ops]) => [Number(version), new Set(ops.split(/\s+/))]));

/** True where the op's version that this opset brought means what the one before did. */
export const isSame = (opType: string, version: number): boolean => sets.get(version)?.has(opType) === true;
