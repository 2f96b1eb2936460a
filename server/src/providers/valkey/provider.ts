import path from 'node:path';
import type { Provider } from '../provider.ts';
import { connectionUri } from '../uri.ts';

export const valkey: Provider = {
  id: 'valkey',
  number: 5,
  name: 'Valkey',
  kind: 'cache',
  versions: [
    { version: '9.1', suite: 'forky', packages: ['valkey-server'] },
    { version: '8.1', suite: 'trixie', packages: ['valkey-server'] },
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
