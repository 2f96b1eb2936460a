import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';

export const postgresql: Provider = {
  id: 'postgresql',
  number: 1,
  name: 'PostgreSQL',
  kind: 'database',
  versions: [
    { version: '18', suite: 'forky', packages: ['postgresql-18'] },
    { version: '17', suite: 'trixie', packages: ['postgresql-17'] },
    { version: '15', suite: 'bookworm', packages: ['postgresql-15'] },
  ],
  ports: { tls: 5432, plain: null },
  username: 'danube',
  defaultDatabase: 'postgres',
  guest: [path.join(import.meta.dirname, 'guest')],
  locked: [],
  sizing: () => ({}),
  renderConfig: () => '',
  uri: (connection) => connectionUri('postgresql', connection, '?sslmode=require'),
  logLevel: () => 'info',
};
