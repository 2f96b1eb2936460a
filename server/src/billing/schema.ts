import { type Static, Type } from 'typebox';
import { Component, Enum, Id, Int, List, NumberId, Obj, Text, Timestamp } from '../http/schema.ts';
import { PATTERN_MESSAGE } from '../http/validation.ts';

/** Most lines of an answer; the export has all. */
export const MOST_LINES = 1000;

/** Most months of a list: ten years. */
export const MOST_MONTHS = 120;

const Cents = (example: number, description?: string) =>
  Type.Integer({
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    example,
    ...(description ? { description } : {}),
  });

const MonthText = Text(7, '2026-11');

export const MonthQuery = Obj({
  month: Type.Optional(
    Type.String({
      maxLength: 7,
      pattern: '^20\\d\\d-(0[1-9]|1[0-2])$',
      [PATTERN_MESSAGE]: 'must be a month such as 2026-11',
      example: '2026-11',
      description: 'The month, in UTC; the present one by default. One to come has no costs yet.',
    }),
  ),
});
export type MonthQuery = Static<typeof MonthQuery>;

const TOTALS = {
  total_cents: Cents(449, 'The sum of the lines, in cents; of the present month until now.'),
  forecast_cents: Cents(449, 'What the month will have cost if everything goes on as it is.'),
  is_final: Type.Boolean({ example: false, description: 'Whether the month is over.' }),
};

const CostLine = Component('CostLine', {
  resource_type: Text(50, 'vps'),
  resource_id: Id(),
  name: Text(255, 'web-1', { description: 'What it is called, or was when it was deleted.' }),
  plan: Text(100, 'nano_shared', { description: 'Its last one in this month; of a bucket, what it held.' }),
  monthly_cost_cents: Cents(449, 'The price of that for a month.'),
  from: Timestamp('From when on it cost something in this month.'),
  to: Timestamp('Until when it did.'),
  hours: Type.Number({
    minimum: 0,
    maximum: 744,
    example: 730,
    description: 'For how long in between, to a second.',
  }),
  amount_cents: Cents(449, 'What it cost in this month, with all prices that it had.'),
  forecast_cents: Cents(449, 'What it will have cost if it goes on as it is.'),
});

export const Costs = Component('Costs', {
  month: MonthText,
  starts_at: Timestamp(),
  ends_at: Timestamp(),
  currency: Enum(['EUR']),
  ...TOTALS,
  resources: Int(1, { description: 'How many lines the month has.' }),
  lines: List(CostLine, {
    maxItems: MOST_LINES,
    description: `A line for each resource, the dearest first; at most ${MOST_LINES}, the export has all.`,
  }),
});

export const CostMonths = Component('CostMonthList', {
  data: List(Component('CostMonth', { month: MonthText, ...TOTALS, resources: Int(1) }), {
    maxItems: MOST_MONTHS,
    description: 'The newest first; months without costs are left out.',
  }),
});

export const OperatorCosts = Component('OperatorCosts', {
  month: MonthText,
  currency: Enum(['EUR']),
  ...TOTALS,
  teams: List(
    Component('OperatorTeamCosts', {
      team_id: NumberId(1),
      name: Text(255, 'Shop'),
      resources: Int(1),
      total_cents: Cents(449),
      forecast_cents: Cents(449),
    }),
    {
      maxItems: MOST_LINES,
      description: `Teams with costs, the dearest first; at most ${MOST_LINES}, the export has all.`,
    },
  ),
});

export const CSV = 'text/csv';

export const CostTable = Type.Unsafe<string>({
  type: 'string',
  maxLength: 1_000_000_000,
  example:
    'month,team_id,resource_type,resource_id,name,plan,monthly_cost_cents,from,to,hours,amount_cents\r\n' +
    '2026-11,1,vps,0198c5a2-7f00-7a51-9d3e-2f6a1b0c4d5e,web-1,nano_shared,449,2026-11-01T00:00:00.000Z,2026-12-01T00:00:00.000Z,720,443\r\n',
});
