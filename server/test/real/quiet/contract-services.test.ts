import { servicesContract } from '../../contract/services.ts';
import { openIncus } from '../../contract/subjects.ts';

servicesContract(openIncus);
