/** A value that a command takes. */
export interface Parameter {
  /** As the API calls it. */
  name: string;
  /** As it is typed: `--resource-profile`, or the word in its place. */
  flag: string;
  in: 'path' | 'query' | 'body';
  /** True: it is typed as a word, in its place. False: by a flag. */
  isWord: boolean;
  /** `json`: an object or a list of such; `list`: of words, by several flags. */
  type: 'string' | 'number' | 'boolean' | 'list' | 'json';
  required: boolean;
  about: string;
  /** Those that it takes, if these are few. */
  values?: readonly string[];
}

/** A command: one operation of the API. */
export interface Command {
  group: string;
  /** Empty: the group's name alone is typed, as in `danubectl search TEXT`. */
  name: string;
  method: string;
  path: string;
  summary: string;
  about: string;
  parameters: readonly Parameter[];
  /** What the request holds: JSON, or bytes of a file; null: nothing. */
  body: 'json' | 'file' | null;
}

export interface Group {
  name: string;
  about: string;
}

/** All that can be typed. */
export interface Commands {
  groups: readonly Group[];
  commands: readonly Command[];
}

interface Schema {
  $ref?: string;
  type?: string;
  enum?: readonly unknown[];
  description?: string;
  required?: readonly string[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: readonly string[];
  security: readonly Record<string, unknown>[];
  parameters?: readonly ({ $ref?: string } & {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: Schema;
  })[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** What of the OpenAPI document counts here. */
export interface OpenApi {
  tags: readonly { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** What no program does by a token, or not by a request and an answer. */
const LEFT_OUT = new Set(['connectVpsConsole', 'openVpsConsole']);

/** The commands of an API, from its OpenAPI document. */
export function commandsOf({ tags, paths, components }: OpenApi): Commands {
  const commands = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => takesToken(operation))
      .map(([method, operation]): Command => {
        const body = operation.requestBody?.content;
        const json = body?.['application/json'];
        const name = nameOf(operation, path);
        return {
          group: slug(operation.tags[0]!),
          name,
          method: method.toUpperCase(),
          path,
          summary: operation.summary,
          about: operation.description ?? '',
          parameters: [
            ...parametersOf(operation, name === ''),
            ...(json ? membersOf(resolve(json.schema, components.schemas), components.schemas) : []),
          ],
          body: json ? 'json' : body ? 'file' : null,
        };
      }),
  );
  const used = new Set(commands.map(({ group }) => group));
  const groups = tags
    .map(({ name, description = '' }) => ({ name: slug(name), about: description }))
    .filter(({ name }) => used.has(name));
  return { groups, commands };
}

const takesToken = ({ operationId, security }: Operation): boolean =>
  !LEFT_OUT.has(operationId) && security.some((one) => 'token' in one);

const slug = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

const kebab = (text: string): string =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

/** `create` of `createVps`: without the words that the group says already. Empty where the group says what is done. */
function nameOf({ operationId, tags }: Operation, path: string): string {
  const whole = `${kebab(operationId)}-`;
  const group = slug(tags[0]!);
  if (whole.startsWith(`${group}-`)) return '';
  const inPath = path.split('/')[1]!;
  const nouns = [group, group.split('-').at(-1)!, ...(inPath.endsWith(group) ? [inPath] : [])].flatMap(
    (noun) => [noun, noun.replace(/s$/, '')],
  );
  for (const noun of nouns.sort((a, b) => b.length - a.length)) {
    const at = whole.indexOf(`-${noun}-`);
    if (at > 0) return `${whole.slice(0, at)}${whole.slice(at + noun.length + 1)}`.slice(0, -1);
  }
  return whole.slice(0, -1);
}

/** What stands in the path is a word; so is a query without which a command that is called like its group means nothing. */
const parametersOf = ({ parameters = [] }: Operation, isGroup: boolean): Parameter[] =>
  parameters
    .filter((parameter) => parameter.in === 'path' || parameter.in === 'query')
    .map(({ name, in: place, required = false, description = '', schema }) => {
      const isWord = place === 'path' || (isGroup && required);
      return {
        ...{ name, in: place as 'path' | 'query', isWord, required, about: description },
        flag: isWord ? wordFor(name) : kebab(name),
        ...typeOf(schema),
      };
    });

const wordFor = (name: string): string =>
  name === 'q' ? 'TEXT' : kebab(name).toUpperCase().replaceAll('-', '_');

const membersOf = (schema: Schema, schemas: Record<string, Schema>): Parameter[] =>
  Object.entries(schema.properties ?? {}).map(([name, member]) => ({
    name,
    flag: kebab(name),
    in: 'body',
    isWord: false,
    required: schema.required?.includes(name) ?? false,
    about: member.description ?? '',
    ...typeOf(resolve(member, schemas)),
  }));

function typeOf(schema: Schema): Pick<Parameter, 'type' | 'values'> {
  const values = schema.enum?.filter((value) => value !== null).map(String);
  if (schema.type === 'integer' || schema.type === 'number') return { type: 'number' };
  if (schema.type === 'boolean') return { type: 'boolean' };
  if (schema.type === 'array') return { type: schema.items?.type === 'string' ? 'list' : 'json' };
  if (schema.type === 'string') return { type: 'string', ...(values ? { values } : {}) };
  return { type: 'json' };
}

function resolve(schema: Schema, schemas: Record<string, Schema>): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : schemas[name]!;
}
