/** Fails where files of src/, passes/ or cli/ import each other in a circle: by value, by type, or while they run. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
