/**
 * Images of databases for the raw side of the comparison of creations, in which the engine initialises its data at the
 * first start, as Debian's packages have it, and not while the image is built.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InstanceSpec } from '../server/src/dataplane/contract/compute.ts';
import type { IncusClient } from '../server/src/dataplane/incus/client.ts';
import type { Placement } from '../server/src/dataplane/incus/instance-config.ts';
import { createMaker } from './raw-images.ts';

const ADOPT = '/usr/lib/danube/adopt-data';
const SOURCE = path.join(import.meta.dirname, '../server/src/services/appliance/guest/adopt-data');

/** How each engine makes its initial data, as its `prepare` does while the image is built. */
const INITIALISE: Partial<Record<string, string>> = {
  postgresql: `
install -d -o postgres -g postgres -m 0700 "$initial"
as_postgres "$bin/initdb" --pgdata="$initial" --username=danube_platform --encoding=UTF8 --locale-provider=builtin \\
  --builtin-locale=C.UTF-8 --locale=C.UTF-8 --data-checksums --no-instructions --no-sync --auth=reject >/dev/null
echo 'CREATE ROLE postgres;' | single "$initial" postgres
echo 'GRANT CREATE ON SCHEMA public TO postgres;' | single "$initial" template1
rm "$initial"/pg_wal/0* "$initial"/pg_stat/*
find "$initial" -name pg_internal.init -delete`,
  mysql: 'initialise',
  mariadb: 'initialise',
};

/**
 * Publishes that image of an engine under `name`, from the image of `spec`. Null for an engine that initialises nothing;
 * else the function that removes it.
 */
export async function publishInitialising(
  client: IncusClient,
  spec: InstanceSpec,
  place: Placement,
  { engine, name }: { engine: string; name: string },
): Promise<(() => Promise<void>) | null> {
  const initialise = INITIALISE[engine];
  if (!initialise) return null;
  const script = `#!/bin/sh
set -eu
. /usr/lib/danube/engine/common
initial=/usr/lib/danube/initial
if [ ! -d "$1" ]; then
  rm -rf "$initial"
  (${initialise}
  )
fi
exec ${ADOPT}-built "$@"
`;
  const fingerprint = await createMaker(client, { ...spec, volumes: [] }, place).publish(
    name,
    [ADOPT],
    [
      { path: ADOPT, mode: '0755', content: script },
      { path: `${ADOPT}-built`, mode: '0755', content: await readFile(SOURCE, 'utf8') },
    ],
  );
  return async () => void (await client.remove(`/1.0/images/${fingerprint}`));
}
