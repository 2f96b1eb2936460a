import { after, before, describe } from 'node:test';
import type { Provider } from '../../src/services/provider.ts';
import { testAccess, testContainment } from './mysql-access.ts';
import { testCrashes, testFullDisk, testMemory } from './mysql-crashes.ts';
import { testDumps } from './mysql-dumps.ts';
import { testSettings } from './mysql-settings.ts';
import { MysqlSubject } from './mysql-subject.ts';
import { testImage, testInitialData } from './service-initial-data.ts';
import { testRotation } from './service-passwords.ts';
import { testSnapshots } from './service-snapshots.ts';

/** The tests that MySQL and MariaDB share, on a real instance of one version. `more` adds those of one engine. */
export function describeEngine(
  provider: Provider,
  version: string,
  attacks: readonly string[],
  more: (subject: MysqlSubject) => void,
): void {
  describe(`${provider.name} ${version} on Incus`, () => {
    const subject = new MysqlSubject();
    const { ask } = subject;
    before(() => subject.open(provider, version));
    after(() => subject.services?.close());

    testAccess(subject);
    testImage(() => subject.service);
    testInitialData(() => ({
      service: subject.service,
      data: '/data/mysql',
      adopt: 'mysql',
      // MariaDB has no identifier.
      identity:
        provider.id === 'mysql' ? 'sed -n s/^server-uuid=//p "$1/auto.cnf" 2>/dev/null || echo none' : null,
    }));
    testSettings(subject, provider);
    testDumps(subject, provider);
    testRotation(() => ({
      service: subject.service,
      ready: subject.ready,
      admits: async (password) => (await subject.sql('SELECT 1', { password })).status === 0,
    }));
    testCrashes(subject);
    testContainment(subject, provider, attacks);
    testMemory(subject);
    more(subject);
    testSnapshots(() => ({
      ...subject,
      prepare: async () =>
        void (await ask('CREATE DATABASE numbers; CREATE TABLE numbers.t (x INT PRIMARY KEY)')),
      store: async (number) => void (await ask(`INSERT INTO numbers.t VALUES (${number})`)),
      stored: `. /usr/lib/danube/engine/common; echo 'SELECT COUNT(*), MAX(x) FROM numbers.t' | administer`,
      spoil: [
        '/usr/lib/danube/control restart; /usr/lib/danube/control ready 90',
        // The first page with rows. MySQL has one more page before it, which describes the table.
        `page=$([ -e /usr/sbin/mariadbd ] && echo 3 || echo 4)`,
        'dd if=/dev/urandom of=/data/mysql/numbers/t.ibd bs=16384 seek=$page count=1 conv=notrunc',
        'kill -KILL $(cat /run/danube/engine.pid); /usr/lib/danube/control ready 90',
      ].join('\n'),
    }));
    testFullDisk(subject);
  });
}
