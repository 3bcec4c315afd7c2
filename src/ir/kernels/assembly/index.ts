/** The exports of the module. */
export { packCodes, quantizeColumns, turnColumns } from './blocks';
export { largestOfGroups, roundAcross, roundBlocks } from './bytes';
export { addChanges, largestOfRows } from './changes';
export { triangleEnergy } from './feedback';
export { halveRows } from './half-rows';
export { halfBits, widenFloat16 } from './halves';
export { roundRows } from './round-rows';
export { growSizes, roundingErrors } from './rows';
export { packTriangle, upperTriangle } from './triangle';
