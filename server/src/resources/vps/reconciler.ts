import { sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import type { Engine, InstanceReport } from '../../engines/engine.ts';
import type { Log } from '../../lib/log.ts';
import { recordEvent } from '../../workflows/operations-store.ts';
import type { Reconciler } from '../../workflows/reconcilers.ts';
import { updateVps } from './store.ts';
import { instanceRef } from './workflow.ts';

export const VPS_RECONCILER = 'vps';

/**
 * When more than this many VPS, and most of all, are missing at once, it is the engine that is wrong: a pool that is
 * not mounted, another Incus. Nothing is touched then.
 */
const MASS_LOSS = 5;

interface IntendedVps {
  id: string;
  team_id: number;
  status: string;
}

/**
 * Compares every settled VPS with the engine: what stopped by itself shows `stopped`, what came back shows
 * `running`, what vanished shows `error`, and instances that belong to no VPS are removed. A VPS with an operation
 * under way is left to its workflow. Drift counts when two passes in a row see it: an engine that has just started
 * reports every instance as stopped for a moment.
 */
export function vpsReconciler(database: Database, engine: Engine, log: Log): Reconciler {
  let suspected = new Map<string, string>();
  return {
    name: VPS_RECONCILER,
    everySeconds: 5,
    async run() {
      // Rows first: an instance that is listed later than its row can only be newer, never missing.
      const rows = await settledRows(database);
      const reports = (await engine.listInstances()).filter((report) => report.ref.name.startsWith('vps-'));
      const byName = new Map(reports.map((report) => [report.ref.name, report]));
      const reportOf = (row: IntendedVps) => byName.get(instanceRef(row.team_id, row.id).name);
      const missing = rows.filter((row) => !reportOf(row)).length;
      if (missing > MASS_LOSS && missing > rows.length / 2) {
        throw new Error(
          `The engine has lost ${missing} of ${rows.length} VPS: it looks like another engine.`,
        );
      }
      const seen = new Map<string, string>();
      for (const row of rows) {
        const drift = findDrift(row.status, reportOf(row));
        if (!drift) continue;
        if (suspected.get(row.id) === drift.reason) await mend(database, row, drift, log);
        else seen.set(row.id, drift.reason);
      }
      suspected = seen;
      await removeLeaks(database, engine, reports, log);
    },
  };
}

const NO_OPERATION = sql<boolean>`not exists (
  select from operations where resource_id = vps.id and state in ('queued', 'pending', 'running'))`;

async function settledRows(database: Database): Promise<IntendedVps[]> {
  return database.db
    .selectFrom('vps')
    .select(['id', 'team_id', 'status'])
    .where('status', 'in', ['running', 'stopped'])
    .where(NO_OPERATION)
    .execute();
}

interface Drift {
  status: 'running' | 'stopped' | 'error';
  reason: string;
  message: string;
}

/** What the status must become, or null where it is true. */
function findDrift(status: string, found: InstanceReport | undefined): Drift | null {
  if (!found) {
    return {
      status: 'error',
      reason: 'InstanceMissing',
      message:
        'The server is gone from the host. Reinstall it to build it anew; the data on its disk is lost.',
    };
  }
  if (found.power === 'error') {
    return {
      status: 'error',
      reason: 'InstanceBroken',
      message: 'The host cannot run the server. Reinstall it, or ask the operator to look at the host.',
    };
  }
  if (status === 'running' && found.power === 'stopped') {
    return { status: 'stopped', reason: 'StoppedFromInside', message: 'The server shut itself down.' };
  }
  if (status === 'stopped' && found.power === 'running') {
    return {
      status: 'running',
      reason: 'StartedOutside',
      message: 'The server was started outside of Danube.',
    };
  }
  return null;
}

async function mend(database: Database, row: IntendedVps, drift: Drift, log: Log): Promise<void> {
  const changed = await database.transaction(async (tx) => {
    if (!(await stillSettled(tx, row))) return false;
    await updateVps(tx, row.id, {
      status: drift.status,
      observed_at: sql<Date>`now()`,
      ...(drift.status === 'error'
        ? {
            error: JSON.stringify({
              code: snakeCase(drift.reason),
              message: drift.message,
              retryable: false,
            }),
          }
        : { desired: drift.status }),
    });
    await recordEvent(tx, {
      teamId: row.team_id,
      resourceType: 'vps',
      resourceId: row.id,
      type: 'Warning',
      reason: drift.reason,
      message: drift.message,
    });
    return true;
  });
  if (changed)
    log.warn({ vps: row.id, was: row.status, is: drift.status, reason: drift.reason }, 'VPS drifted');
}

/** Between listing and mending a request may have come; then its workflow decides. */
async function stillSettled(tx: Tx, row: IntendedVps): Promise<boolean> {
  await tx.selectFrom('vps').select('id').where('id', '=', row.id).forUpdate().execute();
  const found = await tx
    .selectFrom('vps')
    .select('id')
    .where('id', '=', row.id)
    .where('status', '=', row.status)
    .where(NO_OPERATION)
    .executeTakeFirst();
  return found !== undefined;
}

const snakeCase = (text: string): string => text.replace(/\B[A-Z]/g, '_$&').toLowerCase();

/**
 * Removes instances whose VPS was deleted or never came to be. One that the database has never heard of is left
 * alone and reported: after a restore of an old database it may be somebody's server.
 */
async function removeLeaks(
  database: Database,
  engine: Engine,
  reports: InstanceReport[],
  log: Log,
): Promise<void> {
  if (reports.length === 0) return;
  const ids = reports.map((report) => report.ref.name.slice('vps-'.length));
  const result = await sql<{ id: string; known: boolean }>`
    select listed.id::text, exists (select from operations o where o.resource_id = listed.id) as known
    from unnest(${ids}::uuid[]) as listed (id)
    where not exists (select from vps where vps.id = listed.id)
      and not exists (select from operations o
        where o.resource_id = listed.id and o.state in ('queued', 'pending', 'running'))`.execute(
    database.db,
  );
  const leaks = new Map(result.rows.map((row) => [`vps-${row.id}`, row.known]));
  for (const report of reports) {
    const known = leaks.get(report.ref.name);
    if (known === undefined) continue;
    log.warn(
      { instance: report.ref, removed: known },
      known ? 'removing a leaked instance' : 'unknown instance',
    );
    if (known) await engine.removeInstance(report.ref);
  }
}
