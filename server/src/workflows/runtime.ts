import { DBOS } from '@dbos-inc/dbos-sdk';

/** Creates or updates the tables that DBOS keeps workflows in (schema `dbos`, same database). */
export async function migrateWorkflows(databaseUrl: string): Promise<void> {
  await DBOS.migrate(databaseUrl);
}
