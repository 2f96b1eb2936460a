import { Type } from 'typebox';
import type { Tx } from '../../db/database.ts';
import { type EventType, normal } from '../../events/catalogue.ts';
import { recordAll } from '../../events/store.ts';

/** `user_id`: the account that the token acts for. */
const Token = Type.Object({ name: Type.String(), user_id: Type.Integer() });

/** Events of API tokens, in the log of the team that they act on. That one has expired is no event: it was known before. */
export const tokenEvents = {
  created: normal('token.created', 'Created', Token, ({ name }) => `The API token "${name}" was created.`),
  revoked: normal('token.revoked', 'Revoked', Token, ({ name }) => `The API token "${name}" was revoked.`),
};

/** Writes what happened to tokens. */
export const recordTokens = (
  tx: Tx,
  type: EventType<typeof Token>,
  tokens: readonly { id: number; name: string; user_id: number; team_id: number }[],
): Promise<void> =>
  recordAll(
    tx,
    type,
    tokens.map(({ id, name, user_id, team_id }) => ({
      subject: { teamId: team_id, resourceType: 'token', resourceId: String(id) },
      payload: { name, user_id },
    })),
  );
