import { sql } from 'kysely';
import type { Database, Queryable } from '../db/database.ts';

/** An image that is still to be built ahead of need. */
export interface ImageBuild {
  name: string;
  /** What the build does at this moment; null: none runs. */
  message: string | null;
  percent: number | null;
  /** How often it has failed since it last succeeded, and why the last time. */
  failures: number;
  error: string | null;
  /** Whether it may be tried now; there is a pause after a failure. */
  due: boolean;
  /** An operator wants it built, also where it is there. */
  rebuild: boolean;
}

/** Seconds after which a build that has said nothing is taken for dead: its process was killed. */
const SILENCE = 20;

/** All images that are still to be built ahead, by name. */
export async function readImageBuilds(db: Queryable): Promise<ImageBuild[]> {
  const rows = await db
    .selectFrom('image_builds')
    .selectAll()
    .select([
      sql<boolean>`reported_at > now() - make_interval(secs => ${SILENCE})`.as('alive'),
      sql<boolean>`next_at <= now()`.as('due'),
    ])
    .orderBy('name')
    .execute();
  return rows.map(({ name, alive, message, percent, failures, error, due, rebuild }) => ({
    name,
    message: alive ? message : null,
    percent: alive ? percent : null,
    failures,
    error,
    due,
    rebuild,
  }));
}

/** Makes the list one of exactly these images, and those that an operator wants. What is known of those that stay is kept. */
export async function planBuilds(database: Database, names: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    const others = tx.deleteFrom('image_builds').where('rebuild', '=', false);
    await (names.length > 0 ? others.where('name', 'not in', names) : others).execute();
    if (names.length === 0) return;
    await tx
      .insertInto('image_builds')
      .values(names.map((name) => ({ name })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

/** Has an image built at the next occasion, also where it is there, or its last build has failed. */
export async function orderBuild(db: Queryable, name: string): Promise<void> {
  const now = { rebuild: true, failures: 0, error: null, next_at: sql<Date>`now()` };
  await db
    .insertInto('image_builds')
    .values({ name, rebuild: true })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(now))
    .execute();
}

export async function recordProgress(
  db: Queryable,
  name: string,
  progress: { message: string; percent: number | null },
): Promise<void> {
  await db
    .updateTable('image_builds')
    .set({ ...progress, reported_at: sql`now()` })
    .where('name', '=', name)
    .execute();
}

/** The image is there. */
export async function recordBuilt(db: Queryable, name: string): Promise<void> {
  await db.deleteFrom('image_builds').where('name', '=', name).execute();
}

/** The build was stopped, by nobody's fault. */
export async function recordStop(db: Queryable, name: string): Promise<void> {
  await db.updateTable('image_builds').set({ reported_at: null }).where('name', '=', name).execute();
}

/** The build failed, and is not tried again for so many seconds. */
export async function recordFailure(
  db: Queryable,
  name: string,
  error: string,
  pauseSeconds: number,
): Promise<void> {
  await db
    .updateTable('image_builds')
    .set({
      reported_at: null,
      failures: sql`failures + 1`,
      error,
      next_at: sql`now() + make_interval(secs => ${pauseSeconds})`,
    })
    .where('name', '=', name)
    .execute();
}
