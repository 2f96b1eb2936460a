import { sql } from 'kysely';
import type { Compute, InstanceReport } from '../dataplane/contract/compute.ts';
import type { Database, Queryable, Tx } from '../db/database.ts';
import type { EventType, NOTHING } from '../events/catalogue.ts';
import { record } from '../events/store.ts';
import type { Log } from '../lib/log.ts';
import { isUnfinished } from '../operations/unfinished.ts';
import type { Reconciler } from '../reconcilers/reconcilers.ts';
import { forEachRow, inTurn } from '../reconcilers/rows.ts';
import { isKind, kindOf } from './kinds.ts';
import { instanceRef, parseMemberName } from './naming.ts';
import { type Instance, lockInstance, selectInstances, updateInstance } from './store.ts';

export const INSTANCE_RECONCILER = 'instances';

/**
 * When more than this many instances, and more than half of all, are missing at once, the data plane is at fault: its
 * pool is not mounted, or it is a different Incus. Nothing is changed then.
 */
const MASS_LOSS = 5;

/** Temporary instances of restore drills: `drill-UUID`, with the id of the operation. */
const DRILL = 'drill';

type Intended = Pick<Instance, 'kind' | 'id' | 'team_id' | 'member_id' | 'status'>;

/**
 * Compares every instance without unfinished operations with the data plane. One that stopped by itself becomes
 * `stopped`, one that came back `running`, one that vanished `error`; a frozen one is thawed; instances whose row was
 * deleted are removed. Drift counts when two passes in a row see it, because a data plane that has just started reports
 * every instance as stopped for a moment.
 */
export function instanceReconciler(database: Database, plane: Compute, log: Log): Reconciler {
  let suspected = new Map<string, string>();
  return {
    name: INSTANCE_RECONCILER,
    everySeconds: 5,
    async run() {
      // Rows first: an instance listed after its row was read may be newer than the row, but is not missing.
      const rows: Intended[] = await settled(database.db).execute();
      const reports = (await plane.listInstances()).filter(({ ref }) => isOurs(ref.name));
      const byName = new Map(reports.map((report) => [report.ref.name, report]));
      const reportOf = (row: Intended) => byName.get(instanceRef(row).name);
      const missing = rows.filter((row) => !reportOf(row)).length;
      if (missing > MASS_LOSS && missing > rows.length / 2) {
        throw new Error(
          `The data plane has lost ${missing} of ${rows.length} instances: it looks like another one.`,
        );
      }
      const seen = new Map<string, string>();
      const certain: { row: Intended; drift: Drift | null }[] = [];
      for (const row of rows) {
        const report = reportOf(row);
        const drift = findDrift(row, report);
        const reason = report?.power === 'frozen' ? FROZEN : drift?.event.reason;
        if (!reason) continue;
        if (suspected.get(row.id) !== reason) seen.set(row.id, reason);
        else certain.push({ row, drift });
      }
      suspected = seen;
      await inTurn(
        () =>
          forEachRow(
            certain,
            ({ row }) => row.id,
            ({ row, drift }) => (drift ? repair(database, row, drift, log) : thaw(database, plane, row, log)),
          ),
        () => removeLeaks(database, plane, reports, log),
      );
    },
  };
}

/** Left frozen by an interrupted snapshot that no workflow will continue. */
const FROZEN = 'Frozen';

const isOurs = (name: string): boolean => {
  const { kind } = parseMemberName(name);
  return isKind(kind) || kind === DRILL;
};

/** What a pass needs of the rows without unfinished operations: it reads those of the whole install. */
const settled = (db: Queryable) =>
  selectInstances(db)
    .clearSelect()
    .select(['instances.kind', 'instances.id', 'instances.team_id', 'instances.status'])
    .select('members.id as member_id')
    .where('instances.status', 'in', ['running', 'stopped'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('operations')
            .whereRef('operations.resource_id', '=', 'instances.id')
            .where(isUnfinished()),
        ),
      ),
    );

interface Drift {
  status: 'running' | 'stopped' | 'error';
  event: EventType<typeof NOTHING>;
}

/** The status that the row must get, or null where it is right. */
function findDrift({ kind, status }: Intended, found: InstanceReport | undefined): Drift | null {
  const { events } = kindOf(kind);
  if (!found) return { status: 'error', event: events.missing };
  if (found.power === 'error') return { status: 'error', event: events.broken };
  if (status === 'running' && found.power === 'stopped') {
    return { status: 'stopped', event: events.stoppedFromInside };
  }
  if (status === 'stopped' && found.power === 'running') {
    return { status: 'running', event: events.startedOutside };
  }
  return null;
}

async function repair(database: Database, row: Intended, drift: Drift, log: Log): Promise<void> {
  const changed = await database.transaction(async (tx) => {
    if (!(await stillSettled(tx, row))) return false;
    const { status, event } = drift;
    const error = { code: snakeCase(event.reason), message: event.message({}), retryable: false };
    await updateInstance(tx, row.id, {
      status,
      observed_at: sql<Date>`now()`,
      ...(status === 'error' ? { error: JSON.stringify(error) } : { desired: status }),
    });
    await record(tx, event, { teamId: row.team_id, resourceType: row.kind, resourceId: row.id }, {});
    return true;
  });
  if (changed) {
    log.warn(
      { [row.kind]: row.id, was: row.status, is: drift.status, reason: drift.event.reason },
      'instance drifted',
    );
  }
}

/**
 * Thaws an instance that is frozen without an operation. Its row is right again after that. The row stays locked
 * meanwhile, so that no stop comes in between: the instance would be started after it.
 */
async function thaw(database: Database, plane: Compute, row: Intended, log: Log): Promise<void> {
  await database.transaction(async (tx) => {
    if (!(await stillSettled(tx, row))) return;
    log.warn({ [row.kind]: row.id }, 'thawing a frozen instance');
    await plane.ensureRunning(instanceRef(row));
  });
}

/** A request may have come between listing and repairing; then its workflow decides. */
async function stillSettled(tx: Tx, row: Intended): Promise<boolean> {
  await lockInstance(tx, row.id);
  const found = await settled(tx)
    .where('instances.id', '=', row.id)
    .where('instances.status', '=', row.status)
    .executeTakeFirst();
  return found !== undefined;
}

const snakeCase = (text: string): string => text.replace(/\B[A-Z]/g, '_$&').toLowerCase();

/**
 * Removes instances whose row was deleted or never committed, and those of finished restore drills. One that the
 * database has never known is left alone and reported: after a restore of an old database backup it may be a customer's
 * server.
 */
async function removeLeaks(
  database: Database,
  plane: Compute,
  reports: InstanceReport[],
  log: Log,
): Promise<void> {
  if (reports.length === 0) return;
  const ids = reports.map(({ ref }) => parseMemberName(ref.name).memberId);
  const result = await sql<{ id: string; known: boolean }>`
    select listed.id::text,
      exists (select from operations o where o.resource_id = listed.id or o.id = listed.id) as known
    from unnest(${ids}::uuid[]) as listed (id)
    where not exists (select from members where members.id = listed.id)
      and not exists (select from operations o
        where (o.resource_id = listed.id or o.id = listed.id) and ${isUnfinished('o')})`.execute(database.db);
  const leaks = new Map(result.rows.map((row) => [row.id, row.known]));
  await forEachRow(
    reports,
    ({ ref }) => ref.name,
    async (report) => {
      const known = leaks.get(parseMemberName(report.ref.name).memberId);
      if (known === undefined) return;
      log.warn(
        { instance: report.ref, removed: known },
        known ? 'removing a leaked instance' : 'unknown instance',
      );
      if (known) await plane.removeInstance(report.ref);
    },
  );
}
