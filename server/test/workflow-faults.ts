import assert from 'node:assert/strict';
import { type Answer, type Call, takeSnapshot } from './client.ts';
import type { Kind as InstanceKind } from './customer.ts';
import { waitFor } from './harness.ts';
import { testKills } from './kills.ts';
import { ended, type OperationSubject, plansOf } from './operation-subject.ts';
import { testStepFailures } from './step-failures.ts';

type Settled = 'running' | 'stopped';

/**
 * Tests every step of every operation: it fails once, loses its answer, and fails permanently; and the process is
 * killed after each record and around each verb.
 */
export function testOperationFaults<Kind extends string>(subject: OperationSubject<Kind>): void {
  const plans = plansOf(subject);
  testStepFailures(subject, plans);
  testKills(subject, plans);
}

/** The operations of a kind of instance, for fault tests. */
export interface FaultSubject<Kind extends string>
  extends Pick<OperationSubject<Kind>, 'name' | 'workflows' | 'verbs'> {
  /** The kind of instance. */
  kind: InstanceKind;
  /** The state before each operation, and the expected state after it. */
  cases: Record<Kind, { from: 'none' | Settled; to: Settled | 'gone' }>;
  /** The body of a create request. */
  newBody(name: string): object;
  /** Sends the request that starts an operation other than the {@link Common} ones. */
  request(call: Call, kind: Exclude<Kind, Common>, id: string): ReturnType<Call>;
}

/** The operations that have the same requests for all kinds of instances. */
type Common = 'create' | 'delete' | 'snapshot' | 'restore';

/** {@link testOperationFaults} for the operations of an instance, each with a new instance. */
export function testWorkflowFaults<Kind extends string>(subject: FaultSubject<Kind>): void {
  const { name, workflows, verbs, cases } = subject;
  const path = `/${subject.kind}`;
  const idOf = (kind: Kind, id: string, { body }: Answer): string =>
    kind === 'create' ? body.instance.id : id;
  testOperationFaults<Kind>({
    name,
    workflows,
    verbs,
    prepare: (call, kind, given) => prepare(subject, call, kind, given),
    start: (call, kind, id) => start(subject, call, kind, id),
    succeeded: (call, kind, id, answer) => settle(subject, call, idOf(kind, id, answer), cases[kind].to),
    async recover(call, kind, given, answer) {
      const id = idOf(kind, given, answer);
      if ((await call('GET', `${path}/${id}`)).body.instance.can_be_stopped) {
        await call('POST', `${path}/${id}/stop`);
      }
      const deleted = await call('DELETE', `${path}/${id}`);
      assert.equal(deleted.status, 200, JSON.stringify(deleted.body));
      await settle(subject, call, id, 'gone');
    },
  });
}

async function settle<Kind extends string>(
  { kind }: FaultSubject<Kind>,
  call: Call,
  id: string,
  state: string,
): Promise<void> {
  await waitFor(`${id} to be ${state}`, async () => {
    const answer = await call('GET', `/${kind}/${id}`);
    return (answer.status === 404 ? 'gone' : answer.body.instance.status) === state;
  });
}

/**
 * Creates an instance in the operation's initial state, with a snapshot where the operation needs one. Returns its id, or for
 * `create` the name to use.
 */
async function prepare<Kind extends string>(
  subject: FaultSubject<Kind>,
  call: Call,
  kind: Kind,
  name: string,
): Promise<string> {
  const { from } = subject.cases[kind];
  if (from === 'none') return name;
  const created = await call('POST', `/${subject.kind}`, subject.newBody(name));
  assert.equal((await ended(call, created)).state, 'succeeded');
  const { id } = created.body.instance;
  if (from === 'stopped') {
    const stopped = await ended(call, await call('POST', `/${subject.kind}/${id}/stop`));
    assert.equal(stopped.state, 'succeeded');
  }
  if (kind === 'restore' || kind === 'delete') await takeSnapshot(call, subject.kind, id);
  return id;
}

async function start<Kind extends string>(
  subject: FaultSubject<Kind>,
  call: Call,
  operation: Kind,
  id: string,
): Promise<Answer> {
  const { kind } = subject;
  switch (operation) {
    case 'create':
      return call('POST', `/${kind}`, subject.newBody(id));
    case 'delete':
      return call('DELETE', `/${kind}/${id}`);
    case 'snapshot':
      return call('POST', `/snapshots/${kind}`, { [`${kind}_instance_id`]: id, name: 'taken' });
    case 'restore': {
      const { data } = (await call('GET', `/snapshots/${kind}?${kind}_instance_id=${id}`)).body;
      return call('POST', `/snapshots/${kind}/${data[0].id}/restore`);
    }
    default:
      return subject.request(call, operation as Exclude<Kind, Common>, id);
  }
}
