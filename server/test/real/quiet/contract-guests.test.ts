import { guestsContract } from '../../contract/guests.ts';
import { openIncus } from '../../contract/subjects.ts';

guestsContract(openIncus);
