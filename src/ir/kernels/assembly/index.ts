/** The exports of the module. */
export { packCodes, quantizeColumns, turnColumns } from './blocks';
export { growSizes, roundAcross, roundBlocks, roundBytes, roundingErrors, sizesBeyond } from './bytes';
export { triangleEnergy } from './feedback';
export { halfBits, halveAcross, largestBits, widenFloat16 } from './halves';
export { packTriangle, upperTriangle } from './triangle';
