import { guestsContract } from '../contract/guests.ts';
import { serviceVerbsContract } from '../contract/service-verbs.ts';
import { servicesContract } from '../contract/services.ts';
import { snapshotVerbsContract } from '../contract/snapshot-verbs.ts';
import { snapshotsContract } from '../contract/snapshots.ts';
import { openIncus, openSim } from '../contract/subjects.ts';
import { verbsContract } from '../contract/verbs.ts';
import { volumeVerbsContract } from '../contract/volume-verbs.ts';

verbsContract('sim', openSim);
serviceVerbsContract('sim', openSim);
volumeVerbsContract('sim', openSim);
snapshotVerbsContract('sim', openSim);

// A full run has a real Incus, and fails without one: only `npm run test:fast` leaves it out.
if (!process.env.DANUBE_TEST_FAST) {
  verbsContract('incus', openIncus);
  serviceVerbsContract('incus', openIncus);
  volumeVerbsContract('incus', openIncus);
  snapshotVerbsContract('incus', openIncus);
  guestsContract(openIncus);
  servicesContract(openIncus);
  snapshotsContract(openIncus);
}
