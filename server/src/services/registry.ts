import { mariadb } from './mariadb/provider.ts';
import { mysql } from './mysql/provider.ts';
import { postgresql } from './postgresql/provider.ts';
import type { Provider } from './provider.ts';
import { redis } from './redis/provider.ts';
import { valkey } from './valkey/provider.ts';

/** The engines that Danube offers. A new engine is a folder and an entry here. */
export const PROVIDERS: readonly Provider[] = [postgresql, mysql, mariadb, redis, valkey];

const byId = new Map<string, Provider>(PROVIDERS.map((provider) => [provider.id, provider]));

/** The provider with that id, or null. */
export const findProvider = (id: string): Provider | null => byId.get(id) ?? null;

export const providersOf = (kind: Provider['kind']): readonly Provider[] =>
  PROVIDERS.filter((provider) => provider.kind === kind);
