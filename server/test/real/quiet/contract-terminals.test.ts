import { openIncus } from '../../contract/subjects.ts';
import { terminalVerbsContract } from '../../contract/terminal-verbs.ts';

terminalVerbsContract('incus', openIncus);
