import { simulate } from './simulation.js';

const [first, count, steps] = process.argv.slice(2).map(Number);
const t0 = performance.now();
let total = 0;
const sums = { s: new Map<string, number>(), e: new Map<string, number>(), d: new Map<string, number>() };
for (let seed = first!; seed < first! + count!; seed++) {
  const r = await simulate({ seed, steps: steps!, operationsOff: new Set(process.env.NOGC ? ['gc'] : []) });
  total += r.steps;
  for (const [k, v] of r.started) sums.s.set(k, (sums.s.get(k) ?? 0) + v);
  for (const [k, v] of r.succeeded) sums.d.set(k, (sums.d.get(k) ?? 0) + v);
  for (const [k, v] of r.errors) sums.e.set(k, (sums.e.get(k) ?? 0) + v);
  if (r.violation)
    process.stdout.write(`seed ${seed} step ${r.steps}: ${r.violation.rule} ${r.violation.message}\n`);
}
process.stdout.write(
  `${JSON.stringify([...sums.s])}\n${JSON.stringify([...sums.d])}\n${JSON.stringify([...sums.e])}\n`,
);
process.stdout.write(`${total} steps, ${Math.round((total / (performance.now() - t0)) * 1000)}/s\n`);
