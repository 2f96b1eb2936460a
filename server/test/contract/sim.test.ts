import { serviceVerbsContract } from './service-verbs.ts';
import { snapshotVerbsContract } from './snapshot-verbs.ts';
import { openSim } from './subjects.ts';
import { verbsContract } from './verbs.ts';
import { volumeVerbsContract } from './volume-verbs.ts';

verbsContract('sim', openSim);
serviceVerbsContract('sim', openSim);
volumeVerbsContract('sim', openSim);
snapshotVerbsContract('sim', openSim);
