import type { Provider } from '../provider.ts';
import { redisFamily } from '../redis-family/family.ts';

export const valkey: Provider = {
  ...redisFamily,
  id: 'valkey',
  number: 5,
  name: 'Valkey',
  versions: [
    { version: '9.1', suite: 'forky', packages: ['valkey-server'] },
    { version: '8.1', suite: 'trixie', packages: ['valkey-server'] },
  ],
};
