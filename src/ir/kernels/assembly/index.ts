/** The exports of the module. */
export { packCodes, quantizeColumns } from './blocks';
export { triangleEnergy } from './feedback';
export { packTriangle, upperTriangle } from './triangle';
