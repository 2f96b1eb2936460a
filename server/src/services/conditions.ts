import type { EngineEvidence, Provider } from './provider.ts';

/** Why an engine does not answer a customer, by what it says itself. */
export type EngineCondition =
  /** A customer's script runs, and nothing else. */
  | 'busy'
  | 'starting'
  /** It makes its data whole after a crash, before it answers. */
  | 'recovering'
  | 'stopping'
  /** All connections are taken. */
  | 'clients_exhausted'
  /** The account has a limit of its own, and has reached it. */
  | 'account_limit'
  /** The account's password is no longer the one that the API shows. */
  | 'password_changed'
  /** The account is locked, or may not connect. */
  | 'account_closed'
  | 'storage_full'
  | 'port_closed'
  /** It answers nothing at all, or what nobody has foreseen. */
  | 'unknown';

/** What evidence of an engine that does not answer the customer means. `log`: what it logged since its last start. */
export function conditionOf(
  { conditions, recoveryLog }: Pick<Provider, 'conditions' | 'recoveryLog'>,
  evidence: Pick<EngineEvidence, 'complaint' | 'platform_complaint'>,
  log: string,
): EngineCondition {
  const meaning = (said: string | null): EngineCondition | undefined =>
    said === null ? undefined : conditions.find(([pattern]) => pattern.test(said))?.[1];
  // What the platform is told is the second choice: it uses another way in.
  const found = meaning(evidence.complaint) ?? meaning(evidence.platform_complaint) ?? 'unknown';
  const mayBeRecovering = found === 'starting' || found === 'port_closed';
  return mayBeRecovering && recoveryLog.test(log) ? 'recovering' : found;
}
