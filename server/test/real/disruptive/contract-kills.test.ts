import { killsContract } from '../../contract/kills.ts';
import { openIncus } from '../../contract/subjects.ts';

killsContract(openIncus);
