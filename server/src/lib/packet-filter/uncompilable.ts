/**
 * Thrown for policies that a data plane cannot enforce. `message` is a sentence; `ruleIds` are the causes, worst first.
 */
export class UncompilablePolicies extends Error {
  readonly reason: 'too_large' | 'unsupported_protocol' | 'invalid_address';
  readonly ruleIds: readonly string[];

  constructor(reason: UncompilablePolicies['reason'], message: string, ruleIds: readonly string[]) {
    super(message);
    this.name = 'UncompilablePolicies';
    this.reason = reason;
    this.ruleIds = ruleIds;
  }
}
