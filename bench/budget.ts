/** Reports measurements against a budget: as a table, and as a JSON file in bench/results. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineState } from './machine.js';
import { root } from './usage.js';

export interface BudgetRow {
  readonly name: string;
  /** NaN where it could not be measured. */
  readonly value: number;
  readonly spread?: readonly number[];
  readonly budget?: number;
  readonly note?: string;
}

export interface BudgetResult {
  readonly unit: string;
  readonly rows: readonly BudgetRow[];
  /** A description of one sample. */
  readonly sample: string;
}

const number = (value: number): string => (Number.isNaN(value) ? 'failed' : value.toFixed(0));

/** Prints the table, writes `<date>-<name>.json` and `.md`, and fails the process where a budget is broken. */
export async function writeBudget(name: string, result: BudgetResult): Promise<void> {
  const machine = await machineState();
  const date = new Date().toISOString();
  const versions = Object.entries(machine.versions).map(([one, version]) => `${one} ${version}`);
  const table = `${[
    `# ${name}`,
    `${date.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpu}, ${machine.available} cores, load ${machine.load.toFixed(1)} · ${machine.os} · ${versions.join(' · ')}`,
    `${result.sample}.`,
    [
      `| | ${result.unit} | spread | budget | of the budget | |`,
      '| --- | --- | --- | --- | --- | --- |',
      ...result.rows.map(
        ({ name: label, value, spread = [], budget, note = '' }) =>
          `| ${[
            label,
            number(value),
            spread.map(number).join(' to '),
            budget === undefined ? '' : `< ${budget}`,
            budget === undefined ? '' : `${(value / budget).toFixed(2)}×`,
            note.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|'),
          ].join(' | ')} |`,
      ),
    ].join('\n'),
  ].join('\n\n')}\n`;
  const folder = join(root, 'bench/results');
  await mkdir(folder, { recursive: true });
  const base = join(folder, `${date.slice(0, 10)}-${name}`);
  await writeFile(`${base}.json`, `${JSON.stringify({ version: 1, date, name, machine, ...result }, undefined, 2)}\n`);
  await writeFile(`${base}.md`, table);
  process.stdout.write(table);
  if (result.rows.some(({ value, budget }) => budget !== undefined && !(value < budget))) process.exitCode = 1;
}
