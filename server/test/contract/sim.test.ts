import { createSimObjectStore } from '../../src/object-store/sim/object-store.ts';
import { objectStoreContract, type StoreSubject } from './object-store.ts';
import { objectsContract } from './objects.ts';
import { serviceVerbsContract } from './service-verbs.ts';
import { snapshotVerbsContract } from './snapshot-verbs.ts';
import { openSim } from './subjects.ts';
import { terminalVerbsContract } from './terminal-verbs.ts';
import { verbsContract } from './verbs.ts';
import { volumeVerbsContract } from './volume-verbs.ts';

verbsContract('sim', openSim);
serviceVerbsContract('sim', openSim);
volumeVerbsContract('sim', openSim);
snapshotVerbsContract('sim', openSim);
terminalVerbsContract('sim', openSim);
objectStoreContract('sim', openSimStore);
objectsContract('sim', openSimStore);

async function openSimStore(): Promise<StoreSubject> {
  const store = createSimObjectStore({ stateFile: null, latencyMs: 0 });
  return {
    store,
    teams: { one: 1, two: 2 },
    request: async (credentials, bucket, wanted) => store.request(credentials, bucket, wanted),
    async customize(_credentials, ref, { statement, tags }) {
      store.drift.changeBucket(ref, { customStatements: [statement], publicRead: false, tags });
    },
    clear: async () => {},
    close: () => store.close(),
  };
}
