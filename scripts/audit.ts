/**
 * `npm run audit`: checks the dependencies. First what the files themselves tell, which needs no network and is part of
 * `npm test`; then asks the registry for known vulnerabilities. Not every mirror answers that.
 */
import path from 'node:path';
import { run } from '../server/src/lib/run.ts';
import { findProblems, readDependencies } from './dependencies.ts';

interface Report {
  /** By package. */
  vulnerabilities?: Record<string, { severity: string; range: string }>;
  message?: string;
}

const root = path.join(import.meta.dirname, '..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const problems = findProblems(readDependencies(root));
for (const problem of problems) say(`✗ ${problem}`);
if (problems.length === 0)
  say('✓ exact versions, hashes, install scripts, licenses, engines, no deprecations');

const { stdout } = await run('npm', ['audit', '--json'], { cwd: root, allow: 'any', timeoutSeconds: 120 });
const { vulnerabilities, message }: Report = stdout.trim().startsWith('{') ? JSON.parse(stdout) : {};
const vulnerable = Object.entries(vulnerabilities ?? {});
for (const [name, { severity, range }] of vulnerable) say(`✗ ${name} ${range}: vulnerable, ${severity}`);
if (!vulnerabilities) {
  say(`! Vulnerabilities are unknown: the registry does not tell (${message ?? 'npm audit said nothing'}).`);
  say('  Run this where npm reaches registry.npmjs.org, or another registry with security advisories.');
} else if (vulnerable.length === 0) say('✓ no known vulnerabilities');
process.exit(problems.length + vulnerable.length > 0 ? 1 : 0);
