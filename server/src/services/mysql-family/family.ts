import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';
import { tryMysql } from './client.ts';
import { checkOption, LOCKED, optionLogLevel, renderOptionFile } from './options.ts';

/** What MySQL and MariaDB have in common. `folder`: the engine's own scripts, which are added to the shared ones. */
export const mysqlFamily = (folder: string) =>
  ({
    kind: 'database',
    ports: { tls: 3306, plain: null },
    username: 'danube',
    defaultDatabase: null,
    guest: [path.join(import.meta.dirname, 'guest'), path.join(folder, 'guest')],
    locked: LOCKED,
    renderConfig: renderOptionFile,
    checkValue: checkOption,
    tryConnection: tryMysql,
    uri: (connection) => connectionUri('mysql', connection, '?ssl-mode=REQUIRED'),
    logLevel: optionLogLevel,
    conditions: [
      [/ERROR 1040|Too many connections/, 'clients_exhausted'],
      [/ERROR (1203|1226)/, 'account_limit'],
      [/ERROR 1045/, 'password_changed'],
      // An expired password, and locked or refused accounts.
      [/ERROR (1820|1862|3118|4151|1130|1044)/, 'account_closed'],
      [/ERROR 1053/, 'stopping'],
      [/No space left on device|Disk quota exceeded/, 'storage_full'],
      [/ERROR 200[23]\b(?!.*(\(110\)|timed out))/, 'port_closed'],
    ],
    refusalLog:
      /^.*?((?:Error while setting value|unknown variable|Unknown suffix|Cannot allocate memory).*)$/,
    recoveryLog: /crash recovery|Starting an apply batch|Recovering after a crash/i,
  }) satisfies Partial<Provider>;
