import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempt, HostComponent, HostContext } from './component.ts';
import { removeNote } from './host-registry.ts';
import { ownEntries } from './install.ts';
import type { Terminal } from './terminal.ts';

type Components = readonly HostComponent[];

/** Everything of this install on the host, as lines for the operator. */
export async function listInstall(context: HostContext, components: Components): Promise<string[]> {
  const lines: string[] = [];
  for (const { contents } of components) lines.push(...((await contents?.(context)) ?? []));
  lines.push(...(await findRemains(context, components)));
  const entries = findEntries(context, components).own;
  if (entries.length > 0) {
    lines.push(`in ${context.config.home}: ${entries.join(', ')} (with the database and the secret key)`);
  }
  return lines;
}

/** Removes the install, in reverse order of start. Throws where a component requires that the rest stays. */
export async function removeInstall(
  context: HostContext,
  components: Components,
  terminal: Terminal,
): Promise<void> {
  const { home } = context.config;
  const attempt: Attempt = async (title, work) => {
    try {
      await terminal.step(title, work);
      return true;
    } catch (error) {
      terminal.line(`    ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  };
  for (const { remove } of components.toReversed()) await remove?.(context, attempt);
  await attempt("Removing this install's entry in the host's registry", () => removeNote(context.installId));
  await attempt('Deleting files', async () => {
    for (const name of ownEntries(components)) {
      await rm(path.join(home, name), { recursive: true, force: true });
    }
    if (existsSync(home) && readdirSync(home).length === 0) await rmdir(home);
  });
}

/** What {@link removeInstall} could not remove, and foreign files in the data directory. */
export async function findRest(
  context: HostContext,
  components: Components,
): Promise<{ rest: string[]; foreign: string[] }> {
  const rest = await settle(context, components);
  const { own, foreign } = findEntries(context, components);
  if (own.length > 0) rest.push(`in ${context.config.home}: ${own.join(', ')}`);
  return { rest, foreign };
}

const SETTLE_SECONDS = 10;

/** Waits, for a limited time, until nothing remains: the kernel takes a moment to dismantle a killed container. */
async function settle(context: HostContext, components: Components): Promise<string[]> {
  const deadline = Date.now() + SETTLE_SECONDS * 1000;
  for (;;) {
    const remains = await findRemains(context, components);
    if (remains.length === 0 || Date.now() > deadline) return remains;
    await delay(100);
  }
}

async function findRemains(context: HostContext, components: Components): Promise<string[]> {
  const lines: string[] = [];
  for (const { remains } of components) lines.push(...((await remains?.(context)) ?? []));
  return lines;
}

function findEntries({ config }: HostContext, components: Components): { own: string[]; foreign: string[] } {
  const all = existsSync(config.home) ? readdirSync(config.home) : [];
  const ours = ownEntries(components);
  return {
    own: all.filter((name) => ours.includes(name)),
    foreign: all.filter((name) => !ours.includes(name)),
  };
}
