/** The exports of the module. */
export { packCodes, quantizeColumns, turnColumns } from './blocks';
export { largestOfGroups, roundAcross, roundBlocks } from './bytes';
export { triangleEnergy } from './feedback';
export { halfBits, halveAcross, largestBits, widenFloat16 } from './halves';
export { roundRows } from './round-rows';
export { growSizes, roundingErrors } from './rows';
export { packTriangle, upperTriangle } from './triangle';
