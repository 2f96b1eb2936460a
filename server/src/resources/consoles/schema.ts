import { type Static, Type } from 'typebox';
import { Component, Id, Message, NumberId, Obj, PathId, Text, Timestamp } from '../../http/schema.ts';
import { Warnings } from '../../http/warnings.ts';
import { SIZES } from './messages.ts';

export const ConsolesParams = Obj({ vpsInstance: PathId('uuid', 'Id of the VPS.') });
export const ConsoleParams = Obj({
  vpsInstance: PathId('uuid', 'Id of the VPS.'),
  vpsConsole: PathId('uuid', 'Id of the console.'),
});

const Size = (normal: number, what: string) =>
  Type.Integer({
    format: 'int32',
    minimum: SIZES.minimum,
    maximum: SIZES.maximum,
    default: normal,
    example: normal,
    description: `${what} of the terminal, in characters.`,
  });

export const ConsoleQuery = Obj({
  columns: Size(80, 'Width'),
  rows: Size(24, 'Height'),
  position: Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    example: 0,
    description: 'Bytes of output that the client has already: what follows is sent, as far as it is kept.',
  }),
});

export const VpsConsole = Component('VpsConsole', {
  id: Id(),
  vps_instance_id: Id(),
  user_id: NumberId(1, 'The account that opened it.'),
  opened_at: Timestamp(),
  url: Text(500, 'wss://cloud.example.org/api/v1/vps/0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e/consoles/…', {
    description: 'Where to connect by WebSocket, with the same credential.',
  }),
});
export type VpsConsole = Static<typeof VpsConsole>;

export const ShownConsole = Component('VpsConsoleResponse', { console: VpsConsole });

export const OpenedConsole = Component('VpsConsoleOpened', {
  message: Message('The console is ready. Connect to its url within 60 seconds.'),
  console: VpsConsole,
  warnings: Warnings,
});
