import type { Provider } from '../provider.ts';
import { redisFamily } from '../redis-family/family.ts';

export const redis: Provider = {
  ...redisFamily,
  id: 'redis',
  number: 4,
  name: 'Redis',
  versions: [
    { version: '8.0', suite: 'trixie', packages: ['redis-server'] },
    { version: '7.0', suite: 'bookworm', packages: ['redis-server'] },
  ],
};
