import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';

export const mysql: Provider = {
  id: 'mysql',
  number: 2,
  name: 'MySQL',
  kind: 'database',
  versions: [{ version: '9.7', suite: 'sid', packages: ['mysql-server'] }],
  ports: { tls: 3306, plain: null },
  username: 'danube',
  defaultDatabase: null,
  guest: path.join(import.meta.dirname, 'guest'),
  locked: [],
  sizing: () => ({}),
  renderConfig: () => '',
  uri: (connection) => connectionUri('mysql', connection, '?ssl-mode=REQUIRED'),
  logLevel: () => 'info',
};
