import { guestsContract } from './contract/guests.ts';
import { serviceVerbsContract } from './contract/service-verbs.ts';
import { servicesContract } from './contract/services.ts';
import { openIncus, openSim } from './contract/subjects.ts';
import { verbsContract } from './contract/verbs.ts';

verbsContract('sim', openSim);
serviceVerbsContract('sim', openSim);

// A full run has a real Incus, and fails without one: only `npm run test:fast` leaves it out.
if (!process.env.DANUBE_TEST_FAST) {
  verbsContract('incus', openIncus);
  serviceVerbsContract('incus', openIncus);
  guestsContract(openIncus);
  servicesContract(openIncus);
}
