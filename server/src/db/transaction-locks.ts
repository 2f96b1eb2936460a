import { sql } from 'kysely';
import type { Tx } from './database.ts';

/** What transactions of an install do one at a time. */
type OfInstall = 'audit' | 'events' | 'first-account' | 'networks' | 'operators' | 'public-ports';
/** What transactions of a team do one at a time. */
type OfTeam = 'alerts' | 'consoles' | 'drills' | 'webhooks';

/**
 * Waits until no other transaction has the lock, and keeps it until this one ends. It is a statement of its own, so those
 * after it see what the holder before has committed.
 */
export async function lockInstall(tx: Tx, what: OfInstall): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`danube.${what}`}))`.execute(tx);
}

/** Like {@link lockInstall}, for one team: others have a lock of their own. */
export async function lockForTeam(tx: Tx, what: OfTeam, teamId: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`danube.${what}`}), ${teamId}::integer)`.execute(tx);
}
