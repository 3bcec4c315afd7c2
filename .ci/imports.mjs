/**
 * Fails where a file imports from a room that its own may not import from, or where files import each other in a circle. Imports of
 * src/, passes/ and cli/ count, by value, by type, or while they run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What an operator and a model are. */
const facts = ['src/ir', 'src/ops', 'src/infer'];
/**
 * The folders and files that the files of a room may import from, beside those of the room itself. The room of a file is the longest of these names
 * that it lies under.
 */
const mayImport = {
  'src/leftovers.ts': [],
  'src/version.ts': [],
  'src/installed-runtime.ts': [],
  'src/ir': [],
  'src/ops': ['src/ir'],
  'src/disk': ['src/ir', 'src/leftovers.ts'],
  'src/onnx': ['src/ir', 'src/disk', 'src/leftovers.ts'],
  'src/infer': ['src/ir', 'src/ops', 'src/onnx/schemas'],
  'src/contract': facts,
  'src/coverage': facts,
  'src/cut': [...facts, 'src/contract', 'src/region'],
  'src/match': facts,
  'src/opset': ['src/ir', 'src/infer'],
  'src/region': facts,
  'src/run': [...facts, 'src/match', 'src/region', 'src/opset', 'src/version.ts', 'src/installed-runtime.ts'],
  'src/report': ['src/ir', 'src/run'],
  'src/runtime': [...facts, 'src/disk', 'src/onnx', 'src/leftovers.ts', 'src/installed-runtime.ts'],
  'src/runtime/forms': ['src/ir'],
  'src/validate': [...facts, 'src/coverage', 'src/onnx', 'src/runtime', 'src/contract', 'src/region', 'src/run'],
  passes: [...facts, 'src/contract', 'src/match', 'src/opset', 'src/region', 'src/run'],
  'src/browser': ['passes', 'src'],
  'src/bundlers': ['src'],
  src: ['passes'],
  cli: ['passes', 'src'],
};
/** Rooms inside a room that do not import from each other. */
const apart = [
  ['passes/attention/mask', 'passes/attention/read'],
  ['passes/attention/mask', 'passes/attention/emit'],
  ['passes/attention/read', 'passes/attention/emit'],
];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const paths = ['src', 'passes', 'cli'].flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);
const importsOf = (path) =>
  [...readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)\.js'/gm)].map(([, name]) =>
    join(dirname(path), `${name}.ts`),
  );
const imports = new Map(paths.map((path) => [path, importsOf(path)]));

const isUnder = (path, folder) => path === folder || path.startsWith(`${folder}/`);
const roomOf = (path) =>
  Object.keys(mayImport)
    .filter((room) => isUnder(path, room))
    .sort((a, b) => b.length - a.length)[0];
const mayRead = (path, other) =>
  [roomOf(path), ...mayImport[roomOf(path)]].some((folder) => isUnder(other, folder)) &&
  !apart.some(([from, to]) => isUnder(path, from) && isUnder(other, to));
const upwards = paths.flatMap((path) =>
  imports
    .get(path)
    .filter((other) => !mayRead(path, other))
    .map(
      (other) =>
        `  ${path} imports ${other}; ${roomOf(path)} may import from ${mayImport[roomOf(path)].join(', ') || 'no other room'}`,
    ),
);
if (upwards.length > 0) {
  console.error(
    `imports: expected none from a room above; found:\n${upwards.join('\n')}\nMove what they share to a room below both, or hand it in.`,
  );
  process.exitCode = 1;
}

/** Tarjan's algorithm: `low` is the first file on the stack that a file leads back to. */
const [order, low, stack, circles] = [new Map(), new Map(), [], []];
function visit(path) {
  order.set(path, order.size);
  low.set(path, order.get(path));
  stack.push(path);
  for (const next of imports.get(path) ?? []) {
    if (!order.has(next)) visit(next);
    if (stack.includes(next)) low.set(path, Math.min(low.get(path), low.get(next)));
  }
  if (low.get(path) !== order.get(path)) return;
  const circle = stack.splice(stack.indexOf(path));
  if (circle.length > 1) circles.push(circle);
}
for (const path of paths) if (!order.has(path)) visit(path);

if (circles.length > 0) {
  const found = circles.map((circle) => `  ${circle.sort().join(' ')}`).join('\n');
  console.error(`imports: expected no circle; found:\n${found}\nMove what they share to a file below them.`);
  process.exitCode = 1;
}
