import type { Creation } from '../api/creation.ts';
import { identifierOf, type Target } from './target.ts';

/** The request as a program that uses the typed client. */
export function typescriptOf(creation: Creation, { url, team }: Target): string {
  const options = {
    url,
    token: new Expression('process.env.TOKEN!'),
    ...(team === null ? {} : { teamId: team }),
  };
  return [
    "import { createClient } from '@danube/client';",
    '',
    `const danube = createClient(${literal(options, '')});`,
    ...statements(creation, 'created'),
    'console.log(created.data);',
    '',
  ].join('\n');
}

function statements({ path, parameters, body, first }: Creation, name: string): string[] {
  const variable = first && identifierOf(first.at[0] ?? '', 'first');
  const sent = {
    ...(Object.keys(parameters).length > 0 ? { params: { path: parameters } } : {}),
    body: first
      ? { ...body, [first.member]: new Expression([variable, 'data', ...first.at].join('.')) }
      : body,
  };
  return [
    ...(first ? statements(first.creation, variable!) : []),
    `const ${name} = await danube.POST(${text(path)}, ${literal(sent, '')});`,
    `if (${name}.error) throw new Error(${name}.error.message);`,
  ];
}

/** Stands in a literal as it is. */
class Expression {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

function literal(value: unknown, indent: string): string {
  if (value instanceof Expression) return value.code;
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((one) => literal(one, inner))
    : Object.entries(value).map(([name, member]) => `${nameOf(name)}: ${literal(member, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  if (lines.length === 0) return `${open}${close}`;
  return `${open}\n${lines.map((line) => `${inner}${line},\n`).join('')}${indent}${close}`;
}

const nameOf = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : text(name));

/** A string in single quotes, as TypeScript is mostly written. */
const text = (value: string): string =>
  `'${JSON.stringify(value)
    .slice(1, -1)
    .replace(/\\.|'/g, (found) => (found === '\\"' ? '"' : found === "'" ? "\\'" : found))}'`;
