import type { EngineFacts } from './engine-findings.ts';
import type { Witness } from './engine-witness.ts';
import { KINDS, type Kind } from './kinds.ts';
import { providerOf } from './settings.ts';
import type { ManagedService } from './store.ts';

/** What a finding about an engine is made of. */
export const factsOf = (
  row: ManagedService,
  { state, examined, log, lastError }: Omit<Witness, 'text'>,
): EngineFacts => ({
  noun: KINDS[row.kind as Kind].noun,
  provider: providerOf(row),
  username: row.username,
  parameters: Object.keys(row.effective_parameters as object),
  state,
  evidence: examined,
  log,
  lastError,
  now: Date.now() / 1000,
});
