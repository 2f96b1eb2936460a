import { redis } from '../../src/providers/redis/provider.ts';
import { testFamily } from './redis-family.ts';

testFamily(redis, async () => ['redis-cli']);
