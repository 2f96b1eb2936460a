import { readConfig } from '../config.ts';
import { requireSecretKey } from '../host/install.ts';
import { findByEmail } from '../identity/accounts/store.ts';
import { recordAudit } from '../identity/audit/record.ts';
import { handOverTeam } from '../identity/teams/handover.ts';
import { createSecretBox } from '../lib/crypto.ts';
import { createMailer } from '../mail/mailer.ts';
import { UsageError } from './failure.ts';
import { withDatabase } from './with-database.ts';

/** `danube team transfer`: hands a team over whose owners are all disabled. */
export async function teamTransfer(team: string, email: string): Promise<number> {
  if (!/^[1-9]\d{0,14}$/.test(team))
    throw new UsageError(`"${team}" is no number of a team. Operators see it in the list of teams.`);
  const config = readConfig(process.env);
  return withDatabase(config, async (database) => {
    const mail = createMailer(config.mail, createSecretBox(await requireSecretKey(config)));
    const { owner, team: done } = await database.transaction(async (tx) => {
      const account = await findByEmail(tx, email);
      if (!account) throw new UsageError(`There is no account ${email}: \`danube account list\` shows them.`);
      const handover = await handOverTeam(tx, { teamId: Number(team), accountId: account.id }, mail);
      await recordAudit(tx, {
        actor: { accountId: null, via: { kind: 'host' }, address: null },
        teamId: handover.team.id,
        action: 'handOverTeam',
        resource: { type: 'team', id: team },
        before: { owners: handover.former.map(({ id }) => id) },
        after: { owner: account.id },
      });
      return handover;
    });
    process.stderr.write(`The team "${done.name}" belongs to ${owner.email} now.\n`);
    return 0;
  });
}
