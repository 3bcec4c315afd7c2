/** Forms of Cast, which depends on two types. */
import { kernelTypes } from '../../table.js';
import type { ProbedForm } from '../form.js';
import { code, form, port } from './operands.js';

const castTypes = kernelTypes.filter((type) => type !== 'string');

/** Casts between all pairs of types, in each operator set that changed Cast. The table names them `Cast>float16`. */
export const castForms: readonly ProbedForm[] = [9, 13, 19, 21, 23, 24, 25].flatMap((opset) =>
  castTypes.flatMap((from) =>
    castTypes
      .filter((to) => to !== from)
      .map((to) =>
        form('Cast', [port(from, 2, 8)], { name: to, domain: '', opset, outputs: [to], attributes: { to: code(to) } }),
      ),
  ),
);
