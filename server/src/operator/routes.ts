import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { mutate } from '../http/mutation.ts';
import { parseNumberId } from '../http/schema.ts';
import { assertRecentProof } from '../identity/sessions/recent-proof.ts';
import { disable, enable, getAccount, type Looking, listAccounts, updateAccount } from './accounts.ts';
import { listAllPlans, readStatus, updatePlan } from './install.ts';
import {
  AccountDisabled,
  AccountEnabled,
  AccountUpdated,
  OperatorAccountAnswer,
  OperatorAccountList,
  OperatorAccountQuery,
  OperatorPlanList,
  OperatorStatus,
  onAccount,
  PlanUpdated,
  UpdateAccount,
  UpdatePlan,
} from './schema.ts';

const tags = ['Operator'];
const read = { scope: 'operator:read', team: 'none' } as const;
const write = { scope: 'operator:write', team: 'none' } as const;

/** Routes for whoever runs the install. */
export function operatorRoutes(api: Api, database: Database): void {
  accountRoutes(api, database);
  accessRoutes(api);
  planRoutes(api, database);
  watchRoutes(api, database);
}

function accountRoutes(api: Api, database: Database): void {
  api.get(
    '/operator/accounts',
    {
      schema: {
        operationId: 'listOperatorAccounts',
        summary: 'List accounts',
        description:
          'Lists all accounts of the install, newest first. `name` is the whole e-mail address, `q` any part of it or of the name.',
        tags,
        querystring: OperatorAccountQuery,
        response: { 200: OperatorAccountList },
      },
      config: read,
    },
    ({ query }) => listAccounts(database.db, query as Looking),
  );
  api.get(
    '/operator/accounts/:account',
    {
      schema: {
        operationId: 'getOperatorAccount',
        summary: 'Show an account',
        description: 'Shows any account of the install.',
        tags,
        params: onAccount,
        response: { 200: OperatorAccountAnswer },
      },
      config: read,
    },
    async ({ params }) => ({ account: await getAccount(database.db, parseNumberId(params.account)) }),
  );
  api.put(
    '/operator/accounts/:account',
    {
      schema: {
        operationId: 'updateOperatorAccount',
        summary: 'Change an account',
        description: 'Sets the tier of an account, rate limits of its own, and how many teams it may own.',
        tags,
        params: onAccount,
        body: UpdateAccount,
        response: { 200: AccountUpdated },
      },
      config: write,
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Account updated.',
        account: await updateAccount(tx, parseNumberId(request.params.account), request.body),
        warnings: [],
      })),
  );
}

function accessRoutes(api: Api): void {
  api.post(
    '/operator/accounts/:account/disable',
    {
      schema: {
        operationId: 'disableAccount',
        summary: 'Disable an account',
        description:
          'Ends its sessions with their streams and consoles, and lets it neither sign in nor act by its tokens until it is ' +
          'enabled. What its teams have goes on. Not the only operator that can sign in. In a session, it asks for a recent proof.',
        tags,
        params: onAccount,
        response: { 200: AccountDisabled },
      },
      config: { ...write, errors: ['invalid_state', 'proof_required'] },
    },
    (request) => {
      assertRecentProof(request.principal);
      return mutate(request, async (tx) => ({
        message: 'Account disabled.',
        ...(await disable(tx, parseNumberId(request.params.account))),
      }));
    },
  );
  api.post(
    '/operator/accounts/:account/enable',
    {
      schema: {
        operationId: 'enableAccount',
        summary: 'Enable an account',
        description:
          'Lets a disabled account sign in again; its tokens work again as well. In a session, it asks for a recent proof.',
        tags,
        params: onAccount,
        response: { 200: AccountEnabled },
      },
      config: { ...write, errors: ['proof_required'] },
    },
    (request) => {
      assertRecentProof(request.principal);
      return mutate(request, async (tx) => ({
        message: 'Account enabled.',
        ...(await enable(tx, parseNumberId(request.params.account))),
      }));
    },
  );
}

function planRoutes(api: Api, database: Database): void {
  api.get(
    '/operator/plans',
    {
      schema: {
        operationId: 'listOperatorPlans',
        summary: 'List all plans',
        description: 'Lists the plans of all kinds, also those that are not offered.',
        tags,
        response: { 200: OperatorPlanList },
      },
      config: read,
    },
    async () => ({ data: await listAllPlans(database.db) }),
  );
  api.put(
    '/operator/plans',
    {
      schema: {
        operationId: 'updateOperatorPlan',
        summary: 'Change a plan',
        description:
          'Sets the price of a plan, and whether it is offered. Instances that there are keep theirs.',
        tags,
        body: UpdatePlan,
        response: { 200: PlanUpdated },
      },
      config: { ...write, errors: ['not_found'] },
    },
    (request) =>
      mutate(request, async (tx) => ({
        message: 'Plan updated.',
        plan: await updatePlan(tx, request.body),
      })),
  );
}

function watchRoutes(api: Api, database: Database): void {
  api.get(
    '/operator/status',
    {
      schema: {
        operationId: 'getOperatorStatus',
        summary: 'Show the state of the install',
        description:
          'What the host has and has promised, what is at work, and which processes live. See also `/health`.',
        tags,
        response: { 200: OperatorStatus },
      },
      config: read,
    },
    () => readStatus(database.db),
  );
}
