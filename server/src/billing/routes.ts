import type { Database } from '../db/database.ts';
import type { Api } from '../http/api.ts';
import { csvOf } from './csv.ts';
import { CostMonths, Costs, CostTable, CSV, MonthQuery, OperatorCosts } from './schema.ts';
import { exportCosts, listMonths, readAllCosts, readCosts } from './service.ts';

const tags = ['Billing'];
const ofTeam = { scope: 'billing:read' } as const;
const ofInstall = { scope: 'operator:read', team: 'none' } as const;
const RULE =
  'An hour costs a 730th of the price of a month; of each resource, the first 730 hours of a month count, and its cents are ' +
  'rounded once.';

/** Routes for what a team costs. */
export function billingRoutes(api: Api, { db }: Database): void {
  api.get(
    '/billing',
    {
      schema: {
        operationId: 'getCosts',
        summary: 'Show the costs of a month',
        description: `What the team’s resources cost in a month, with a line for each. ${RULE}`,
        tags,
        querystring: MonthQuery,
        response: { 200: Costs },
      },
      config: ofTeam,
    },
    ({ principal, query }) => readCosts(db, principal.team.id, query),
  );
  api.get(
    '/billing/months',
    {
      schema: {
        operationId: 'listCostMonths',
        summary: 'List months with costs',
        description: 'The totals of the months in which the team had costs.',
        tags,
        response: { 200: CostMonths },
      },
      config: ofTeam,
    },
    ({ principal }) => listMonths(db, principal.team.id),
  );
  api.get(
    '/billing/export',
    {
      schema: {
        operationId: 'exportCosts',
        summary: 'Export the costs of a month',
        description: 'All lines of a month as CSV, for spreadsheets and other programs.',
        tags,
        querystring: MonthQuery,
        response: { 200: CostTable },
      },
      config: { ...ofTeam, mediaType: CSV },
    },
    async ({ principal, query }, reply) => {
      reply.type(CSV);
      return csvOf(await exportCosts(db, principal.team.id, query));
    },
  );
}

/** Routes for what all teams cost. */
export function installBillingRoutes(api: Api, { db }: Database): void {
  api.get(
    '/operator/billing',
    {
      schema: {
        operationId: 'getOperatorCosts',
        summary: 'Show the costs of all teams',
        description: `What each team costs in a month. ${RULE}`,
        tags: ['Operator'],
        querystring: MonthQuery,
        response: { 200: OperatorCosts },
      },
      config: ofInstall,
    },
    ({ query }) => readAllCosts(db, query),
  );
  api.get(
    '/operator/billing/export',
    {
      schema: {
        operationId: 'exportOperatorCosts',
        summary: 'Export the costs of all teams',
        description: 'All lines of a month, of all teams, as CSV.',
        tags: ['Operator'],
        querystring: MonthQuery,
        response: { 200: CostTable },
      },
      config: { ...ofInstall, mediaType: CSV },
    },
    async ({ query }, reply) => {
      reply.type(CSV);
      return csvOf(await exportCosts(db, null, query));
    },
  );
}
