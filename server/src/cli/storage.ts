import { readConfig } from '../config.ts';
import { ensureSecretKey, refuseOtherEngine, requireInstall } from '../host/install.ts';
import { OperatorError } from '../host/operator-error.ts';
import { createTerminal } from '../host/terminal.ts';
import { createLog } from '../lib/log.ts';
import { openDataPlane } from './data-plane.ts';
import { openObjectStore } from './object-store.ts';
import { withDatabase } from './with-database.ts';

/** `danube storage enable`: makes the object storage before the first bucket does, or waits until it is up. */
export async function storageEnable(): Promise<number> {
  const config = readConfig(process.env);
  const install = await requireInstall(config.home);
  refuseOtherEngine(config, install);
  const log = createLog('warn');
  const plane = await openDataPlane(config, install, log);
  const secretKey = await ensureSecretKey(config);
  try {
    return await withDatabase(config, async ({ url: databaseUrl }) => {
      const around = { install, plane, databaseUrl, secretKey, serves: false, log };
      const objects = await openObjectStore(config, around);
      if (!objects) throw noStore();
      try {
        await createTerminal().step('Preparing the object storage', (report) =>
          objects.ensureReady((message, percent) =>
            report(percent === undefined ? message : `${message} ${percent} %`),
          ),
        );
        const { url, region } = objects.access;
        process.stdout.write(`Object storage: ${url ?? 'no public address'}, region ${region}\n`);
        return 0;
      } finally {
        await objects.close();
      }
    });
  } finally {
    await plane.close();
  }
}

const noStore = (): OperatorError =>
  new OperatorError(
    'With an Incus on another host, Danube runs no object storage.',
    'Set S3_ENDPOINT, S3_ADMIN_ACCESS_KEY and S3_ADMIN_SECRET_KEY to use a Ceph of your own.',
  );
