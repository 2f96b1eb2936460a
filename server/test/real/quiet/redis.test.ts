import { redis } from '../../../src/services/redis/provider.ts';
import { testFamily } from '../redis-family.ts';

testFamily(redis, async () => ['redis-cli']);
