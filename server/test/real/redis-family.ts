import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { Provider } from '../../src/services/provider.ts';
import { sample } from '../seed.ts';
import { testAccess } from './redis-access.ts';
import { testCrashes, testFullDisk } from './redis-crashes.ts';
import { testDumps } from './redis-dumps.ts';
import { testLoad } from './redis-load.ts';
import { testSettings } from './redis-settings.ts';
import { type Client, RedisSubject } from './redis-subject.ts';
import type { TestServices } from './service.ts';
import { testImage } from './service-initial-data.ts';
import { testRotation } from './service-passwords.ts';
import { testSnapshots } from './service-snapshots.ts';

/** Tests Redis or Valkey on a real instance: one version, all of them in an exhaustive run. */
export function testFamily(provider: Provider, client: (services: TestServices) => Promise<Client>): void {
  for (const { version } of sample(provider.versions, 1)) {
    describe(`${provider.name} ${version} on Incus`, () => {
      const subject = new RedisSubject();
      const { customer, oneLog } = subject;
      before(() => subject.open(provider, version, client));
      after(() => subject.services?.close());

      testAccess(subject, provider);
      testImage(() => subject.service);
      testCrashes(subject);
      testSettings(subject, provider);
      testRotation(() => ({
        service: subject.service,
        ready: subject.answers,
        admits: async (password) => (await subject.plain(password)) === 'PONG',
      }));
      testDumps(subject);
      testLoad(subject);
      testSnapshots(() => ({
        services: subject.services,
        service: subject.service,
        async prepare() {
          await customer('FLUSHALL');
          await oneLog();
        },
        store: async (number) => assert.match(await customer(`RPUSH numbers ${number}`), /^\d+$/),
        stored: `. /usr/lib/danube/engine/common; { admin llen numbers; admin lindex numbers -1; } | paste -sd ' '`,
        spoil: `file=$(ls /data/*/appendonlydir/*.incr.aof); printf spoilt | dd of=$file bs=1 seek=20 conv=notrunc`,
      }));
      testFullDisk(subject);
    });
  }
}
