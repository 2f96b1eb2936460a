import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';

export const redis: Provider = {
  id: 'redis',
  number: 4,
  name: 'Redis',
  kind: 'cache',
  versions: [
    { version: '8.0', suite: 'trixie', packages: ['redis-server'] },
    { version: '7.0', suite: 'bookworm', packages: ['redis-server'] },
  ],
  ports: { tls: 6380, plain: 6379 },
  username: 'default',
  defaultDatabase: null,
  guest: [path.join(import.meta.dirname, 'guest')],
  locked: [],
  sizing: () => ({}),
  renderConfig: () => '',
  uri: (connection) => connectionUri(connection.tls ? 'rediss' : 'redis', connection),
  logLevel: () => 'info',
};
