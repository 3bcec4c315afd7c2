export { Minus, Power, Product, Sum } from './combine.js';
export {
  type AllCaptures,
  type CapturesOf,
  keyOf,
  Pattern,
  type PatternShape,
  type PatternTerm,
  type WeightedPattern,
} from './pattern.js';
export { Highest, Mean, Polynomial, Total } from './reductions.js';
export { refuse } from './refuse.js';
export {
  AtLeastZero,
  any,
  constant,
  maybe,
  number,
  Optional,
  oneOf,
  operator,
  reading,
  site,
  telling,
  times,
} from './terms.js';
