import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';
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
    uri: (connection) => connectionUri('mysql', connection, '?ssl-mode=REQUIRED'),
    logLevel: optionLogLevel,
  }) satisfies Partial<Provider>;
