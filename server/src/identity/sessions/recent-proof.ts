import type { Principal } from '../../http/principal.ts';
import { AppError } from '../../lib/errors.ts';

/** For how long a password or passkey counts as given just now, in minutes. */
export const PROOF_MINUTES = 10;

/**
 * Throws `proof_required` where the request comes from a session whose holder has not given a password or passkey within
 * the last {@link PROOF_MINUTES}: the browser may be open on an unattended desk. What could outlive the session or lock
 * its holder out asks for it: tokens, e-mail, password, second factors, deleting a team or the account, disabling one.
 * Requests by API token pass: nobody is there to be asked, and the token's scopes say what it may do.
 */
export function assertRecentProof({ via }: Pick<Principal, 'via'>): void {
  if (via.kind === 'token' || via.provedAt + PROOF_MINUTES * 60_000 > Date.now()) return;
  throw new AppError(
    'proof_required',
    'Confirm that it is you: give your password or passkey again, and then repeat the request.',
  );
}
