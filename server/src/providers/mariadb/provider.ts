import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';

export const mariadb: Provider = {
  id: 'mariadb',
  number: 3,
  name: 'MariaDB',
  kind: 'database',
  versions: [
    { version: '11.8', suite: 'trixie', packages: ['mariadb-server'] },
    { version: '10.11', suite: 'bookworm', packages: ['mariadb-server'] },
  ],
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
