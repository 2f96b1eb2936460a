/**
 * A minimal sample of a resource with one asynchronous operation: a note that is printed. `sample.test.ts` adds it to a
 * server by a line in the list of modules, and nothing else. See "How to add a resource" in CONTRIBUTING.md.
 */
import { sql } from 'kysely';
import { Type } from 'typebox';
import type { Database, Queryable } from '../../src/db/database.ts';
import { normal } from '../../src/events/catalogue.ts';
import type { Api } from '../../src/http/api.ts';
import { mutate } from '../../src/http/mutation.ts';
import { Component, Id, LineText, Message, Obj, PathId, Text } from '../../src/http/schema.ts';
import { releaseQuota, takeQuota } from '../../src/identity/teams/quotas.ts';
import { invalidState, notFound } from '../../src/lib/errors.ts';
import { uuidv7 } from '../../src/lib/ids.ts';
import type { ResourceModule } from '../../src/module.ts';
import { accept } from '../../src/operations/accept.ts';
import { requested } from '../../src/operations/events.ts';
import type { OperationDefinition, OperationWorkflow } from '../../src/operations/operation.ts';
import { recordOutcome } from '../../src/operations/operations-store.ts';
import { hasUnfinished } from '../../src/operations/unfinished.ts';

/** The content of a migration. */
export const NOTE_TABLE = `create table notes (
  id uuid primary key,
  team_id bigint not null references teams (id),
  text text not null,
  status text not null check (status in ('printing', 'printed', 'error')),
  printed integer not null default 0
)`;

const Note = Component('Note', { id: Id(), text: Text(100, 'Buy milk.'), status: Text(20, 'printed') });
const CreateNote = Component('CreateNote', { text: LineText(100, 'Buy milk.') });
const Params = Obj({ note: PathId('uuid', 'Id of the note.') });
const tags = ['Notes'];

const print = {
  kind: 'print',
  args: Type.Object({ copies: Type.Integer() }),
} as const satisfies OperationDefinition;

interface NoteRow {
  id: string;
  text: string;
  status: string;
}

/** With `lock`, prevents changes and new operations by others until the transaction ends. */
async function findNote(db: Queryable, teamId: number, id: string, lock = false): Promise<NoteRow> {
  const found = await sql<NoteRow>`select id, text, status from notes
    where id::text = ${id} and team_id = ${teamId} ${lock ? sql`for update` : sql``}`.execute(db);
  const [note] = found.rows;
  if (!note) throw notFound('Note');
  return note;
}

function noteRoutes(api: Api, { db }: Database): void {
  api.post(
    '/notes',
    {
      config: { scope: 'note:write', errors: ['quota_exceeded'] },
      schema: {
        operationId: 'createNote',
        summary: 'Add a note',
        tags,
        body: CreateNote,
        response: {
          201: Component('NoteCreated', {
            message: Message('The note is being printed.'),
            note: Note,
            operation_id: Id(),
          }),
        },
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        const { principal, body } = request;
        await takeQuota(tx, principal.team.id, 'note');
        const note = { id: uuidv7(), text: body.text, status: 'printing' };
        await sql`insert into notes (id, team_id, text, status)
          values (${note.id}, ${principal.team.id}, ${note.text}, ${note.status})`.execute(tx);
        const target = { type: 'note', id: note.id, teamId: principal.team.id, status: note.status };
        const operation = await accept(tx, principal, target, print, { copies: 2 });
        return { message: 'The note is being printed.', note, operation_id: operation.id };
      }),
  );
  api.get(
    '/notes/:note',
    {
      config: { scope: 'note:read' },
      schema: {
        operationId: 'getNote',
        summary: 'Show a note',
        tags,
        params: Params,
        response: { 200: Component('NoteResponse', { note: Note }) },
      },
    },
    async (request) => ({ note: await findNote(db, request.principal.team.id, request.params.note) }),
  );
  api.delete(
    '/notes/:note',
    {
      config: { scope: 'note:delete' },
      schema: {
        operationId: 'deleteNote',
        summary: 'Delete a note',
        tags,
        params: Params,
        response: { 200: Component('NoteDeleted', { message: Message('The note was deleted.') }) },
      },
    },
    (request) =>
      mutate(request, async (tx) => {
        const { team } = request.principal;
        // Before the row, because locks must be taken in the same order everywhere.
        await releaseQuota(tx, team.id, 'note');
        const { id, status } = await findNote(tx, team.id, request.params.note, true);
        if (await hasUnfinished(tx, id))
          throw invalidState('The note is being printed. Wait for that.', status);
        await sql`delete from notes where id = ${id}`.execute(tx);
        return { message: 'The note was deleted.' };
      }),
  );
}

const printed = normal(
  'note.printed',
  'Printed',
  Type.Object({ copies: Type.Integer() }),
  ({ copies }) => `The note was printed ${copies} times.`,
);

export const noteWorkflows = ({ db }: Database): { print: OperationWorkflow<{ copies: number }> } => {
  const setStatus = (on: Queryable, id: string, status: string) =>
    sql`update notes set status = ${status} where id = ${id}`.execute(on);
  return {
    print: {
      args: print.args,
      begin: async (on, { resourceId }) => void (await setStatus(on, resourceId, 'printing')),
      steps: [
        {
          name: 'print',
          // Idempotent: running it twice has the same result.
          run: async ({ resourceId, args }) =>
            void (await sql`update notes set printed = ${args.copies} where id = ${resourceId}`.execute(db)),
        },
      ],
      undo: [],
      async succeed(tx, operation) {
        await setStatus(tx, operation.resourceId, 'printed');
        await recordOutcome(tx, operation, printed, { copies: operation.args.copies });
      },
      fail: async (tx, { resourceId }) => void (await setStatus(tx, resourceId, 'error')),
    },
  };
};

export const noteModule: ResourceModule = {
  name: 'notes',
  tags: [{ name: 'Notes', description: 'Short texts on paper.' }],
  scopes: ['note'],
  quotas: { note: { limit: 2, label: 'note' } },
  events: { requested: requested('note'), printed },
  create: ({ database }) => ({
    routes: (api) => noteRoutes(api, database),
    operations: { note: noteWorkflows(database) },
  }),
  async inconsistencies({ db, teamId }) {
    const found = await sql<{ id: string }>`select id from notes
      where team_id = ${teamId} and status = 'printed' and printed <> 2`.execute(db);
    return found.rows.map(({ id }) => `note ${id} has not been printed twice`);
  },
};
