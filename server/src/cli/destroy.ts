import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type Config, readConfig } from '../config.ts';
import type { HostContext } from '../host/component.ts';
import { HOST_COMPONENTS } from '../host/components.ts';
import { readInstall } from '../host/install.ts';
import { takeLock } from '../host/lock.ts';
import { OperatorError } from '../host/operator-error.ts';
import { findRest, listInstall, removeInstall } from '../host/removal.ts';
import { createTerminal, type Terminal } from '../host/terminal.ts';
import { installId } from '../lib/install-id.ts';
import { UsageError } from './failure.ts';
import { removeService, unitFile } from './service.ts';

/** `danube destroy`: resolves to 0 when nothing is left. */
export async function destroy(options: { yes: boolean }): Promise<number> {
  const config = readConfig(process.env);
  const { home } = config;
  const context = await openContext(config);
  const plan = await describePlan(context);
  if (plan.length === 0) {
    process.stdout.write(`There is no Danube in ${home}: nothing to remove.\n`);
    return 0;
  }
  // Fails while a server runs, before the operator is shown the list and asked to confirm.
  await (await takeLock(home, context.installId)).release();
  process.stdout.write(`This removes for good:\n${plan.map((line) => `  - ${line}`).join('\n')}\n`);
  if (!options.yes) await confirm(context.installId);

  await removeService(home);
  const lock = await takeLock(home, context.installId);
  const terminal = createTerminal();
  await removeInstall(context, HOST_COMPONENTS, terminal);
  await lock.release();
  return reportRest(context, terminal);
}

/** Works on a damaged install too: the names of its parts derive from the data directory. */
async function openContext(config: Config): Promise<HostContext> {
  const install = await readInstall(config.home).catch(() => null);
  return {
    config,
    installId: installId(config.home),
    incus: install?.incus ?? 'none',
    log: () => undefined,
  };
}

async function describePlan(context: HostContext): Promise<string[]> {
  const { home, databaseUrl } = context.config;
  const plan = await listInstall(context, HOST_COMPONENTS);
  if (existsSync(unitFile(home))) plan.push(`the service ${unitFile(home)}`);
  if (plan.length > 0 && databaseUrl) {
    plan.push('nothing in the database of DATABASE_URL: drop that yourself');
  }
  return plan;
}

async function confirm(id: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UsageError('There is no terminal to ask on. Use --yes to destroy without asking.');
  }
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(`Type the install id (${id}) to go on: `);
    if (answer.trim() !== id) throw new UsageError('That is not the install id. Nothing was removed.');
  } finally {
    ask.close();
  }
}

async function reportRest(context: HostContext, terminal: Terminal): Promise<number> {
  const { rest, foreign } = await findRest(context, HOST_COMPONENTS);
  if (rest.length > 0) {
    throw new OperatorError(
      `Not everything could be removed:\n  - ${rest.join('\n  - ')}`,
      'Run `danube destroy` again.',
    );
  }
  if (foreign.length > 0) {
    const { home } = context.config;
    terminal.line(`  ${home} stays, with what Danube did not put there: ${foreign.join(', ')}`);
  }
  terminal.line('  Nothing is left of this install. Debian packages stay installed.');
  return 0;
}
