import { Type } from 'typebox';
import {
  Component,
  Enum,
  Id,
  Int,
  List,
  Message,
  Nullable,
  NumberId,
  Text,
  Timestamp,
} from '../../http/schema.ts';

const Session = Component('Session', {
  id: Id(),
  current: Type.Boolean({ example: true, description: 'Whether this request was made in it.' }),
  method: Enum(['password', 'passkey', 'provider'], {
    description: 'How it began: `provider` is a sign-in by OpenID Connect.',
  }),
  created_at: Timestamp(),
  expires_at: Timestamp('When it ends at the latest. It ends earlier if it is not used for 7 days.'),
  last_used_at: Timestamp('To the minute.'),
  last_used_ip: Nullable(Text(45, '203.0.113.9', { description: 'Address of the last use.' })),
  user_agent: Nullable(Text(500, 'Mozilla/5.0', { description: 'What the browser calls itself.' })),
});

export const SessionList = Component('SessionList', { data: List(Session) });

export const CurrentSession = Component('CurrentSession', {
  session_id: Id(),
  account_id: NumberId(1),
  proved_at: Timestamp('When the password or passkey was last given in this session.'),
  proof_expires_at: Timestamp('Until when actions that ask for it are possible.'),
});

export const SessionEnded = Component('SessionEnded', { message: Message('Session ended.') });

export const SessionsEnded = Component('SessionsEnded', {
  message: Message('3 sessions ended.'),
  count: Int(3, { description: 'How many were ended.' }),
});

export const SignedOut = Component('SignedOut', { message: Message('Signed out.') });
