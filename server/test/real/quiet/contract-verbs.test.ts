import { serviceVerbsContract } from '../../contract/service-verbs.ts';
import { snapshotVerbsContract } from '../../contract/snapshot-verbs.ts';
import { openIncus } from '../../contract/subjects.ts';
import { verbsContract } from '../../contract/verbs.ts';
import { volumeVerbsContract } from '../../contract/volume-verbs.ts';

verbsContract('incus', openIncus);
serviceVerbsContract('incus', openIncus);
volumeVerbsContract('incus', openIncus);
snapshotVerbsContract('incus', openIncus);
