import { snapshotsContract } from '../../contract/snapshots.ts';
import { openIncus } from '../../contract/subjects.ts';

snapshotsContract(openIncus);
